"""A Ray cluster on this machine, each node with one core of its own."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

LOOPBACK = "127.0.0.1"


@contextmanager
def pinned(count: int) -> Iterator[str]:
    """A cluster of so many nodes; its address.

    Node, head and whoever asks for the cluster share the first core; each further node has the
    next one. So what is added with a node is a core, and nothing else.
    """
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_AUTH_MODE": "token"}
    os.environ.setdefault("RAY_AUTH_TOKEN", secrets.token_hex(32))
    from ray.cluster_utils import Cluster

    before = os.sched_getaffinity(0)
    cores = sorted(before)[:count]
    os.sched_setaffinity(0, cores[:1])
    here = {"include_dashboard": False, "node_ip_address": LOOPBACK}
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 0, **here})
    try:
        for core in cores:
            os.sched_setaffinity(0, {core})
            cluster.add_node(num_cpus=1, node_ip_address=LOOPBACK)
        os.sched_setaffinity(0, cores[:1])
        yield str(cluster.address)
    finally:
        cluster.shutdown()
        os.sched_setaffinity(0, before)
