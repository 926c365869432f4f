"""What the tests of D-Bus share."""

import pytest

import players
from players import Radio, connect

from gawait import dbus


def pytest_generate_tests(metafunc):
    connects_itself = getattr(metafunc.module, "CONNECTS_ITSELF", False)
    if "session_bus" in metafunc.fixturenames and not connects_itself:
        kinds = {"gdbus": players.connect_by_gdbus, "wire": dbus.connect}
        metafunc.parametrize("connection_kind", kinds.values(), ids=kinds, indirect=True)


@pytest.fixture(autouse=True)
def connection_kind(request, monkeypatch):
    """How connect() connects: each test that has a bus runs with both kinds of connection."""
    monkeypatch.setattr(
        players, "connect_by", getattr(request, "param", players.connect_by_gdbus)
    )


@pytest.fixture
def with_buses(run, session_bus):
    """Runs a coroutine function with two connections: a service's and a client's."""

    def run_test(test, **options):
        async def main():
            service, client = await connect(session_bus), await connect(session_bus)
            try:
                return await test(service, client)
            finally:
                for each in (client, service):
                    if not each.is_closed():
                        await each.close()

        return run(main(), **options)

    return run_test


@pytest.fixture
def with_radio(with_buses):
    """Runs a coroutine function with a Radio that is exported, and the two connections."""

    def run_test(test, radio=None, **options):
        radio = radio or Radio()

        async def main(service, client):
            with dbus.export(service, "/radio", radio):
                return await test(radio, service, client)

        return with_buses(main, **options)

    return run_test
