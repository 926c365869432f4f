// Calls the service of service.py from Vala.
//
// usage: caller CASE
//
// Says on standard output what it has checked; ends with status 1 if something is wrong.

const string NAME = "org.example.Words";
const string PATH = "/org/example/Words";

[DBus (name = "org.example.Words.Error")]
errordomain WordsError {
    [DBus (name = "Unknown")]
    UNKNOWN
}

errordomain Wrong {
    VALUE,
    CASE
}

[DBus (name = "org.example.Words", timeout = 60000)]
interface Words : Object {
    public abstract string language { owned get; }
    public signal void began (string who);
    public signal void cancelled (string who);

    public abstract async uint meet (uint count) throws Error;
    public abstract async void select (string[] words, uint least, out string[] selected,
                                       out HashTable<string, uint> lengths) throws Error;
    public abstract async string look_up (string word) throws Error;
    public abstract async uint64 size (string path) throws Error;
    public abstract async void wait (string who, Cancellable? cancellable) throws Error;
}

void expect (string what, string got, string wanted) throws Wrong {
    if (got != wanted) {
        throw new Wrong.VALUE ("%s: expected %s, got %s", what, wanted, got);
    }
    print ("%s\n", what);
}

async void values (DBusConnection bus) throws Error {
    var parameters = new Variant.parsed ("(['an', 'await', 'awaits'], uint32 5)");
    var reply = yield bus.call (NAME, PATH, NAME, "Select", parameters, null,
                                DBusCallFlags.NONE, 60000);
    expect ("selected", reply.print (false),
            "(['await', 'awaits'], {'await': 5, 'awaits': 6})");
}

async void proxy (DBusConnection bus) throws Error {
    Words words = yield bus.get_proxy (NAME, PATH);
    string[] selected;
    HashTable<string, uint> lengths;
    yield words.select ({ "an", "await", "awaits" }, 5, out selected, out lengths);
    expect ("selected", string.joinv (" ", selected), "await awaits");
    expect ("lengths", @"$(lengths["await"]) $(lengths["awaits"])", "5 6");
    expect ("language", words.language, "en");
}

async void together (DBusConnection bus) throws Error {
    Words words = yield bus.get_proxy (NAME, PATH);
    const uint COUNT = 20;
    uint met = 0, left = COUNT;
    Error? failure = null;
    for (var i = 0; i < COUNT; i++) {
        words.meet.begin (COUNT, (_, result) => {
            try {
                met += words.meet.end (result);
            } catch (Error error) {
                failure = error;
            }
            if (--left == 0) {
                together.callback ();
            }
        });
    }
    yield;
    if (failure != null) {
        throw failure;
    }
    expect ("met", met.to_string (), (COUNT * COUNT).to_string ());
}

async void named_error (DBusConnection bus) throws Error {
    Words words = yield bus.get_proxy (NAME, PATH);
    // GDBus makes errors of a domain of ours once somebody has asked for that.
    var expected = new WordsError.UNKNOWN ("no word is 'await'");
    try {
        yield words.look_up ("await");
    } catch (WordsError.UNKNOWN error) {
        expect ("name", DBusError.get_remote_error (error), @"$NAME.Error.Unknown");
        DBusError.strip_remote_error (error);
        expect ("message", error.message, expected.message);
        return;
    }
    throw new Wrong.VALUE ("look_up() did not fail");
}

async void glib_error (DBusConnection bus) throws Error {
    Words words = yield bus.get_proxy (NAME, PATH);
    try {
        yield words.size ("/nowhere");
    } catch (IOError.NOT_FOUND error) {
        expect ("not found", DBusError.is_remote_error (error).to_string (), "true");
        return;
    }
    throw new Wrong.VALUE ("size() did not fail");
}

// D-Bus has no message that cancels a call. The service learns of it when its caller leaves.
async void cancelled (DBusConnection bus) throws Error {
    Words words = yield bus.get_proxy (NAME, PATH);
    var flags = DBusConnectionFlags.AUTHENTICATION_CLIENT |
                DBusConnectionFlags.MESSAGE_BUS_CONNECTION;
    var other = yield new DBusConnection.for_address (BusType.SESSION.get_address_sync (), flags);
    Words words_of_other = yield other.get_proxy (NAME, PATH);
    var cancellable = new Cancellable ();
    string? began = null, seen = null;
    words.began.connect ((who) => {
        began = who;
        cancellable.cancel ();
    });
    try {
        yield words_of_other.wait ("vala", cancellable);
        throw new Wrong.VALUE ("wait() did not fail");
    } catch (IOError.CANCELLED error) {
        expect ("cancelled", began, "vala");
    }
    words.cancelled.connect ((who) => {
        seen = who;
        cancelled.callback ();
    });
    other.close.begin (null);
    yield;
    expect ("the service saw it", seen, "vala");
}

async void wait (DBusConnection bus) throws Error {
    Words words = yield bus.get_proxy (NAME, PATH);
    yield words.wait ("killed vala", null);
}

async void run (string name) throws Error {
    var bus = yield Bus.get (BusType.SESSION);
    switch (name) {
    case "values": yield values (bus); break;
    case "proxy": yield proxy (bus); break;
    case "together": yield together (bus); break;
    case "named_error": yield named_error (bus); break;
    case "glib_error": yield glib_error (bus); break;
    case "cancelled": yield cancelled (bus); break;
    case "wait": yield wait (bus); break;
    default: throw new Wrong.CASE ("no case is %s", name);
    }
}

int main (string[] arguments) {
    var loop = new MainLoop ();
    var status = 0;
    run.begin (arguments[1], (_, result) => {
        try {
            run.end (result);
        } catch (Error error) {
            printerr ("caller.vala: %s\n", error.message);
            status = 1;
        }
        loop.quit ();
    });
    loop.run ();
    return status;
}
