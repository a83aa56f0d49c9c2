"""What Ray carries from who decodes to who scores."""

import numpy as np
import pyarrow as pa
import pytest

from scoring.block import Block


def block(shard: int, n: int) -> Block:
    return Block(
        shard=shard,
        paths=[f"/{shard}/{i}.jpg" for i in range(n)],
        digests=["d", *[None] * (n - 1)],
        problems=[None, *["damaged-picture"] * (n - 1)],
        errors=[None, *["Broken."] * (n - 1)],
        pixels=np.random.default_rng(shard).integers(0, 256, (n, 224, 224, 3), np.uint8),
    )


def assert_equal(one: Block, other: Block) -> None:
    assert one.shard == other.shard
    for field in ("paths", "digests", "problems", "errors"):
        assert getattr(one, field) == getattr(other, field)
    assert (one.pixels == other.pixels).all()


def test_what_goes_in_comes_out() -> None:
    assert_equal(Block.of(block(3, 2).table()), block(3, 2))


def test_a_shard_comes_out_of_others_that_lie_in_the_same_memory() -> None:
    both = pa.concat_tables([block(3, 4).table(), block(4, 2).table()]).combine_chunks()
    assert_equal(Block.of(both.slice(1)), block(4, 2))


def test_pixels_are_not_copied_on_the_way_in() -> None:
    given = block(3, 2)
    assert Block.of(given.table()).pixels.ctypes.data == given.pixels.ctypes.data


def test_two_shards_in_one_are_refused() -> None:
    both = pa.concat_tables([block(3, 1).table(), block(4, 1).table()])
    with pytest.raises(RuntimeError, match="must be one shard, and this one is 2"):
        Block.of(both)
