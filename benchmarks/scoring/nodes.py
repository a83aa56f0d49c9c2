"""A Ray cluster on this machine, each node with one core of its own."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from scoring.cluster import ALWAYS, alone

_SETTINGS = ALWAYS | alone()  # of all clusters: Ray reads a process's token once


@contextmanager
def pinned(count: int) -> Iterator[Any]:
    """A cluster of so many nodes, which has an `address`.

    Node, head and whoever asks for the cluster share the first core; each further node has the
    next one. So what is added with a node is a core, and nothing else.
    """
    os.environ |= _SETTINGS
    from ray.cluster_utils import Cluster

    before = os.sched_getaffinity(0)
    cores = sorted(before)[:count]
    os.sched_setaffinity(0, cores[:1])
    head = {"num_cpus": 0, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        for core in cores:
            os.sched_setaffinity(0, {core})
            cluster.add_node(num_cpus=1)
        os.sched_setaffinity(0, cores[:1])
        yield cluster
    finally:
        cluster.shutdown()
        os.sched_setaffinity(0, before)
