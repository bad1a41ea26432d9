"""The bounded hand-over between stages."""

from __future__ import annotations

import threading

import pytest

from smartsearch.indexing.channel import Channel, ChannelAborted


def test_items_come_out_in_order_until_closed() -> None:
    channel = Channel[int](10)
    for item in range(5):
        channel.put(item)
    channel.close()
    assert channel.take(2) == [0, 1]
    assert list(channel) == [2, 3, 4]
    assert channel.take(1) == []


def test_a_full_channel_holds_the_producer_back() -> None:
    channel = Channel[int](2)
    produced: list[int] = []

    def produce() -> None:
        for item in range(100):
            channel.put(item)
            produced.append(item)
        channel.close()

    thread = threading.Thread(target=produce)
    thread.start()
    received = []
    while batch := channel.take(1):
        received += batch
        assert len(produced) <= len(received) + 3
    thread.join()
    assert received == list(range(100))


def test_abort_wakes_a_waiting_producer_and_a_waiting_consumer() -> None:
    full, empty = Channel[int](1), Channel[int](1)
    full.put(1)
    ended: list[str] = []

    def wait(name: str, action: object) -> None:
        try:
            action()  # type: ignore[operator]
        except ChannelAborted:
            ended.append(name)

    threads = [
        threading.Thread(target=wait, args=("producer", lambda: full.put(2))),
        threading.Thread(target=wait, args=("consumer", lambda: empty.take(1))),
    ]
    for thread in threads:
        thread.start()
    full.abort()
    empty.abort()
    for thread in threads:
        thread.join(10)
    assert sorted(ended) == ["consumer", "producer"]
    with pytest.raises(ChannelAborted):
        full.put(3)


def test_a_batch_waits_for_company_but_not_for_ever() -> None:
    channel = Channel[int](10)
    channel.put(1)
    assert channel.take(4, least=2, patience=0.01) == [1]
    waiting = threading.Thread(target=lambda: [channel.put(item) for item in (2, 3, 4)])
    channel.put(1)
    waiting.start()
    assert len(channel.take(4, least=4, patience=60)) == 4
    waiting.join()


def test_a_closed_channel_does_not_wait_for_company() -> None:
    channel = Channel[int](10)
    channel.put(1)
    channel.close()
    assert channel.take(4, least=2, patience=600) == [1]
