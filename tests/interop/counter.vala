// Counts words with the library of examples/crossing from Vala.
//
// usage: counter TREE NOT-TEXT
//
// Says on standard output what it has checked; ends with status 1 if something is wrong. In TREE
// there are three words in two files.

errordomain Wrong {
    VALUE
}

void expect (string what, string got, string wanted) throws Wrong {
    if (got != wanted) {
        throw new Wrong.VALUE ("%s: expected %s, got %s", what, wanted, got);
    }
    print ("%s\n", what);
}

async void count (File tree, File not_text) throws Error {
    var counter = new Crossing.WordCounter ();
    uint64 words;
    uint files;
    yield counter.count_async (tree, Priority.DEFAULT, null, out words, out files);
    expect ("counted", @"$words $files", "3 2");

    AsyncResult? found = null;
    var waiting = false;
    counter.most_frequent_async.begin (tree, 1, Priority.DEFAULT, null, (_, result) => {
        found = result;
        if (waiting) {
            count.callback ();
        }
    });
    yield counter.count_async (tree, Priority.DEFAULT, null, out words, out files);
    if (found == null) {
        waiting = true;
        yield;
    }
    var most_frequent = string.joinv (" ", counter.most_frequent_async.end (found));
    expect ("together", @"$words $files $most_frequent", "3 2 await");

    var cancellable = new Cancellable ();
    var handler = counter.file_counted.connect (() => cancellable.cancel ());
    try {
        yield counter.count_async (tree, Priority.DEFAULT, cancellable, out words, out files);
        throw new Wrong.VALUE ("a cancelled count came to a result");
    } catch (IOError.CANCELLED error) {
        print ("cancelled\n");
    }
    counter.disconnect (handler);

    try {
        yield counter.count_async (not_text, Priority.DEFAULT, null, out words, out files);
        throw new Wrong.VALUE ("a picture was counted");
    } catch (Crossing.Error.NOT_TEXT error) {
        print ("not text\n");
    }
}

int main (string[] arguments) {
    var loop = new MainLoop ();
    var status = 0;
    var tree = File.new_for_path (arguments[1]);
    count.begin (tree, File.new_for_path (arguments[2]), (_, result) => {
        try {
            count.end (result);
        } catch (Error error) {
            printerr ("counter.vala: %s\n", error.message);
            status = 1;
        }
        loop.quit ();
    });
    loop.run ();
    return status;
}
