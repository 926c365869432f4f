# mypy: disable-error-code="empty-body"
"""What a type checker finds in a use of D-Bus: each line that ends with "# wrong"."""

from gawait import dbus
from gi.repository import Gio


class Player(dbus.Interface, name="org.example.Player"):
    @dbus.method
    async def seek(self, seconds: float) -> None:
        ...

    @dbus.method
    async def tell(self) -> float:
        ...

    volume = dbus.property(float, writable=True)
    title = dbus.property(str)
    seeked = dbus.signal(float)
    moved = dbus.signal(dbus.UInt32, str)


async def wrong_arguments(bus: Gio.DBusConnection, player: Player) -> None:
    await player.seek("there")  # wrong
    await player.seek()  # wrong
    await player.seek(seconds=None)  # wrong
    await player.seek(to=2.5)  # wrong
    Player.proxy(bus, "org.example.Player", 5)  # wrong
    Player.proxy("session", "org.example.Player", "/player")  # wrong


async def missing_awaits(player: Player) -> None:
    player.seek(2.5)  # wrong
    seconds: float = player.tell()  # wrong
    print(player.volume + seconds)  # wrong
    player.volume.set(0.5)  # wrong
    for _ in player.seeked:  # wrong
        pass


async def wrong_names(player: Player) -> None:
    await player.seak(2.5)  # wrong
    print(await player.loudness)  # wrong
    async for _ in player.seek_done:  # wrong
        pass


async def wrong_types(bus: Gio.DBusConnection, player: Player) -> None:
    number: int = await player.title  # wrong
    await player.volume.set("loud")  # wrong
    player.volume = 0.5  # wrong
    async for volume in player.volume:
        volume.upper()  # wrong
    async for number, by in player.moved:
        print(number + 1, by + 1)  # wrong
    manager = dbus.ObjectManager.proxy(bus, None, "/")
    for path, found in (await manager.proxies(Player)).items():
        print(path + 1)  # wrong
        await found.pause()  # wrong
    await manager.proxies(Gio.DBusConnection)  # wrong
