// Counts words with the library of examples/crossing from JavaScript.
//
// usage: gjs -m counter.js TREE NOT-TEXT
//
// Says on standard output what it has checked; ends with status 1 if something is wrong. In TREE
// there are three words in two files.

import Crossing from 'gi://Crossing';
import Gio from 'gi://Gio';
import GLib from 'gi://GLib';
import System from 'system';

import {expect, failureOf} from './checks.js';

Gio._promisify(Crossing.WordCounter.prototype, 'count_async', 'count_finish');
Gio._promisify(Crossing.WordCounter.prototype, 'most_frequent_async', 'most_frequent_finish');

const PRIORITY = GLib.PRIORITY_DEFAULT;

async function main(tree, notText) {
    const counter = new Crossing.WordCounter();
    expect('counted', await counter.count_async(tree, PRIORITY, null), [3, 2]);

    const [counted, words] = await Promise.all([
        counter.count_async(tree, PRIORITY, null),
        counter.most_frequent_async(tree, 1, PRIORITY, null),
    ]);
    expect('together', [counted, words], [[3, 2], ['await']]);

    const cancellable = new Gio.Cancellable();
    const id = counter.connect('file-counted', () => cancellable.cancel());
    const cancelled = await failureOf(counter.count_async(tree, PRIORITY, cancellable));
    counter.disconnect(id);
    expect('cancelled', cancelled.matches(Gio.IOErrorEnum, Gio.IOErrorEnum.CANCELLED), true);

    const refused = await failureOf(counter.count_async(notText, PRIORITY, null));
    expect('not text', refused.matches(Crossing.Error, Crossing.Error.NOT_TEXT), true);
}

try {
    await main(...ARGV.map(path => Gio.File.new_for_path(path)));
} catch (error) {
    printerr(`counter.js: ${error}`);
    System.exit(1);
}
