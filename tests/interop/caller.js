// Calls the service of service.py from JavaScript.
//
// usage: gjs -m caller.js CASE
//
// Says on standard output what it has checked; ends with status 1 if something is wrong.

import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

import {expect, failureOf} from './checks.js';

Gio._promisify(Gio, 'bus_get', 'bus_get_finish');
Gio._promisify(Gio.DBusConnection, 'new_for_address', 'new_for_address_finish');
Gio._promisify(Gio.DBusConnection.prototype, 'call', 'call_finish');
Gio._promisify(Gio.DBusConnection.prototype, 'close', 'close_finish');
Gio._promisify(Gio.DBusProxy.prototype, 'init_async', 'init_finish');

const NAME = 'org.example.Words';
const PATH = '/org/example/Words';

function call(bus, method, parameters = null, cancellable = null, interfaceName = NAME) {
    return bus.call(NAME, PATH, interfaceName, method, parameters, null, Gio.DBusCallFlags.NONE,
        60000, cancellable);
}

// With the methods, signals and properties that the service tells of.
async function newProxy(bus) {
    const reply = await call(bus, 'Introspect', null, null, 'org.freedesktop.DBus.Introspectable');
    const [xml] = reply.deepUnpack();
    const proxy = new Gio.DBusProxy({
        g_connection: bus,
        g_interface_name: NAME,
        g_interface_info: Gio.DBusNodeInfo.new_for_xml(xml).lookup_interface(NAME),
        g_name: NAME,
        g_object_path: PATH,
    });
    await proxy.init_async(GLib.PRIORITY_DEFAULT, null);
    return proxy;
}

function signal(proxy, name) {
    return new Promise(resolve => {
        const id = proxy.connectSignal(name, (_proxy, _sender, values) => {
            proxy.disconnectSignal(id);
            resolve(values);
        });
    });
}

const cases = {
    async values(bus) {
        const parameters = new GLib.Variant('(asu)', [['an', 'await', 'awaits'], 5]);
        const reply = await call(bus, 'Select', parameters);
        expect('selected', reply.deepUnpack(), [['await', 'awaits'], {await: 5, awaits: 6}]);
    },

    async proxy(bus) {
        const words = await newProxy(bus);
        const [selected, lengths] = await words.SelectAsync(['an', 'await', 'awaits'], 5);
        expect('selected', selected, ['await', 'awaits']);
        expect('lengths', lengths, {await: 5, awaits: 6});
        expect('language', words.Language, 'en');
    },

    async together(bus) {
        const count = new GLib.Variant('(u)', [20]);
        const calls = Array.from({length: 20}, () => call(bus, 'Meet', count));
        const met = (await Promise.all(calls)).map(reply => reply.deepUnpack()[0]);
        expect('met', met, Array(20).fill(20));
    },

    async named_error(bus) {
        const error = await failureOf(call(bus, 'LookUp', new GLib.Variant('(s)', ['await'])));
        expect('name', Gio.DBusError.get_remote_error(error), `${NAME}.Error.Unknown`);
        Gio.DBusError.strip_remote_error(error);
        expect('message', error.message, "no word is 'await'");
    },

    async glib_error(bus) {
        const error = await failureOf(call(bus, 'Size', new GLib.Variant('(s)', ['/nowhere'])));
        expect('not found', error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.NOT_FOUND), true);
    },

    // D-Bus has no message that cancels a call. The service learns of it when its caller leaves.
    async cancelled(bus) {
        const words = await newProxy(bus);
        const address = Gio.dbus_address_get_for_bus_sync(Gio.BusType.SESSION, null);
        const {AUTHENTICATION_CLIENT, MESSAGE_BUS_CONNECTION} = Gio.DBusConnectionFlags;
        const flags = AUTHENTICATION_CLIENT | MESSAGE_BUS_CONNECTION;
        const other = await Gio.DBusConnection.new_for_address(address, flags, null, null);
        const cancellable = new Gio.Cancellable();
        const began = signal(words, 'Began');
        const cancelled = signal(words, 'Cancelled');
        const who = new GLib.Variant('(s)', ['gjs']);
        const failure = failureOf(call(other, 'Wait', who, cancellable));
        await began;
        cancellable.cancel();
        const error = await failure;
        expect('cancelled', error.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED), true);
        await other.close(null);
        expect('the service saw it', await cancelled, ['gjs']);
    },

    async wait(bus) {
        await call(bus, 'Wait', new GLib.Variant('(s)', ['killed gjs']));
    },
};

try {
    await cases[ARGV[0]](await Gio.bus_get(Gio.BusType.SESSION, null));
} catch (error) {
    printerr(`caller.js: ${error}`);
    System.exit(1);
}
