"""Gio.AsyncResult, with user data and tags of Python's."""

import asyncio
import ctypes
import gc
import sys
import threading
import weakref

import pytest

import gawait
from gi.repository import Gio, GLib, GObject

gio = ctypes.CDLL("libgio-2.0.so.0")
gobject = ctypes.CDLL("libgobject-2.0.so.0")
gio.g_async_result_get_user_data.restype = ctypes.c_void_p
gio.g_async_result_get_source_object.restype = ctypes.c_void_p
gio.g_task_get_source_tag.restype = ctypes.c_void_p


@pytest.fixture(autouse=True)
def criticals_are_fatal():
    levels = GLib.LogLevelFlags.LEVEL_CRITICAL | GLib.LogLevelFlags.LEVEL_ERROR
    before = GLib.log_set_always_fatal(levels)
    yield
    GLib.log_set_always_fatal(before)


def pointer(value):
    """What C code has of a GObject, of a function of libgio's, or of an address."""
    return ctypes.cast(
        hash(value) if isinstance(value, GObject.Object) else value, ctypes.c_void_p
    )


def c_user_data(result):
    return gio.g_async_result_get_user_data(pointer(result))


def c_is_tagged(result, tag):
    return bool(gio.g_async_result_is_tagged(pointer(result), pointer(tag)))


class Thing:
    """Can be watched."""

    def __repr__(self):
        return "Thing()"  # in the names of tests, which must be the same in each process


class Answer(GObject.Object, Gio.AsyncResult):
    """Is a result itself."""

    def __init__(self, source=None, data=None, tag=None):
        super().__init__()
        self.source = source
        self.data = data
        self.tag = tag
        self.asked = []

    def do_get_source_object(self):
        return self.source

    def do_get_user_data(self):
        return self.data

    def do_is_tagged(self, source_tag):
        self.asked.append(source_tag)
        return source_tag == self.tag


class Counter(GObject.Object):
    @gawait.async_method
    async def count(self):
        await asyncio.sleep(0)
        return 3


class Stream(Gio.InputStream):
    async def do_read_async(self, count):
        return b""


class Initialised(GObject.Object, Gio.AsyncInitable):
    async def do_init_async(self):
        pass


def in_a_thread(function):
    results = []
    thread = threading.Thread(target=lambda: results.append(function()))
    thread.start()
    thread.join()
    return results[0]


def results_of(start):
    """Calls start(callback), and returns what came back once it did."""
    seen = []
    start(lambda source, result, *data: seen.append((result, data)))
    while not seen:
        GLib.MainContext.default().iteration(True)
    return seen[0]


def result_of(start):
    return results_of(start)[0]


def load(callback, *data):
    Gio.File.new_for_path("/etc/debian_version").load_contents_async(None, callback, *data)


# A class of Python's -------------------------------------------------------------------------


def test_python_gets_the_objects_of_a_class_of_python():
    source, data = Gio.Cancellable(), Thing()
    answer = Answer(source, data)
    assert answer.get_source_object() is source
    assert answer.get_user_data() is data
    assert not answer.legacy_propagate_error()


@pytest.mark.parametrize("data", [None, 0, 1, -1, 2**80, "text", (1, 2), True], ids=repr)
def test_python_gets_any_user_data_unchanged(data):
    assert Answer(data=data).get_user_data() is data


@pytest.mark.parametrize("tag", ["a tag", 5, Thing(), Gio.File.load_contents_async], ids=repr)
def test_python_asks_for_a_tag_with_the_object_that_it_passes(tag):
    answer = Answer(tag=tag)
    assert answer.is_tagged(tag) is True
    assert answer.is_tagged(Thing()) is False
    assert answer.is_tagged() is False
    assert answer.asked[0] is tag and answer.asked[2] is None


@pytest.mark.parametrize("call", [lambda function: function(), in_a_thread])
def test_c_calls_all_three(call):
    source, data, tag = Gio.Cancellable(), Thing(), Thing()
    answer = Answer(source, data, tag)
    found = call(lambda: gio.g_async_result_get_source_object(pointer(answer)))
    assert found == hash(source)
    gobject.g_object_unref(pointer(found))
    assert call(lambda: c_user_data(answer)) == id(data)
    assert not call(lambda: c_is_tagged(answer, 8))
    assert answer.asked == [8]


def test_what_c_gets_as_user_data_lives_as_long_as_the_result():
    class Fresh(Answer):
        def do_get_user_data(self):
            thing = Thing()
            self.seen = weakref.ref(thing)
            return thing

    answer = Fresh()
    address = c_user_data(answer)
    seen = answer.seen
    gc.collect()
    assert id(seen()) == address
    del answer
    gc.collect()
    assert seen() is None


@pytest.mark.parametrize(
    "data, address", [(None, None), (77, 77), (2**80, ...), ("text", ...)]
)
def test_c_gets_pointers_as_they_are_and_objects_by_their_address(data, address):
    assert c_user_data(Answer(data=data)) == (id(data) if address is ... else address)


def test_c_asks_with_its_function_and_python_gets_that_of_the_library():
    answer = Answer(tag=Gio.InputStream.read_async)
    assert c_is_tagged(answer, gio.g_input_stream_read_async)
    assert not c_is_tagged(answer, gio.g_input_stream_skip_async)
    assert not c_is_tagged(answer, None)
    assert answer.asked == [Gio.InputStream.read_async, Gio.InputStream.skip_async, None]
    assert c_is_tagged(Answer(tag=Gio.bus_get), gio.g_bus_get)


def test_c_asks_with_a_tag_that_a_task_of_python_has():
    tag = Thing()
    task = Gio.Task.new(None, None, None)
    task.set_source_tag(tag)
    answer = Answer(tag=tag)
    assert c_is_tagged(answer, gio.g_task_get_source_tag(pointer(task)))
    assert answer.asked[0] is tag


TAG = Thing()


def test_c_asks_with_the_address_of_an_object_that_the_method_can_name():
    local = Thing()

    class Tagged(Answer):
        KIND = Thing()

        def do_is_tagged(self, source_tag):
            return any(source_tag is each for each in (self.tag, self.KIND, TAG, local))

    own = Thing()
    answer = Tagged(tag=own)
    for tag in own, Tagged.KIND, TAG, local:
        assert c_is_tagged(answer, id(tag))
    assert not c_is_tagged(answer, id(Thing())) and not c_is_tagged(answer, 8)


def test_a_finish_function_of_c_checks_the_tag():
    class Source(Gio.InputStream):
        def do_read_finish(self, result):
            return result.get_user_data()

    # It asks whether the result is of its own read_async(), and the class if it is not.
    answer = Answer(data=7, tag="mine")
    assert Source().read_finish(answer) == 7
    assert Gio.InputStream.read_async in answer.asked


def test_a_subclass_overrides_one_and_its_parent_keeps_its_own():
    class Louder(Answer):
        def do_is_tagged(self, source_tag):
            return not super().do_is_tagged(source_tag)

    class Quiet(GObject.Object, Gio.AsyncResult):
        pass

    class Tagged(Quiet):
        def do_is_tagged(self, source_tag):
            return source_tag == 8

    assert c_is_tagged(Answer(tag=8), 8) and not c_is_tagged(Louder(tag=8), 8)
    assert Answer(tag=8).is_tagged(8) and not Louder(tag=8).is_tagged(8)
    assert c_user_data(Louder(data=9)) == 9
    assert c_is_tagged(Tagged(), 8) and not c_is_tagged(Quiet(), 8)


def test_what_a_class_leaves_out_is_nothing():
    class Silent(GObject.Object, Gio.AsyncResult):
        pass

    silent = Silent()
    assert silent.get_source_object() is None and silent.get_user_data() is None
    assert not silent.is_tagged(8) and not c_is_tagged(silent, 8)
    assert c_user_data(silent) is None


def test_a_class_cannot_change_the_results_of_c_that_it_derives_from():
    with pytest.raises(TypeError, match="GAsyncResult among its base classes"):

        class Tagged(Gio.Task):
            def do_is_tagged(self, source_tag):
                return True

    assert not Gio.Task.new(None, None, None).is_tagged(8)


def test_a_class_that_names_the_interface_overrides_what_it_derives_from():
    class Tagged(Gio.Task, Gio.AsyncResult):
        def do_is_tagged(self, source_tag):
            return source_tag == 8

    class Plain(Gio.Task, Gio.AsyncResult):
        pass

    tagged, plain, task = Tagged(), Plain(), Gio.Task.new(None, None, None)
    for each in tagged, plain, task:
        each.set_source_tag(5)
        assert each.get_user_data() is None and each.get_source_object() is None
    assert tagged.is_tagged(8) and c_is_tagged(tagged, 8) and not c_is_tagged(tagged, 5)
    for each in plain, task:
        assert each.is_tagged(5) and c_is_tagged(each, 5) and not c_is_tagged(each, 8)
    with pytest.raises(TypeError, match="GAsyncResult among its base classes"):

        class Again(Plain):
            def do_is_tagged(self, source_tag):
                return True

    assert c_is_tagged(plain, 5)


def test_what_a_method_raises_is_printed_and_c_gets_nothing(capfd):
    class Broken(GObject.Object, Gio.AsyncResult):
        def do_get_source_object(self):
            return "no object"

        def do_get_user_data(self):
            raise ValueError("no data")

        def do_is_tagged(self, source_tag):
            raise ValueError("no tag")

    broken = Broken()
    assert gio.g_async_result_get_source_object(pointer(broken)) is None
    assert c_user_data(broken) is None and not c_is_tagged(broken, 8)
    printed = capfd.readouterr().err
    for text in "expected GObject.Object, not str", "no data", "no tag":
        assert text in printed
    with pytest.raises(ValueError, match="no data"):
        broken.get_user_data()
    with pytest.raises(ValueError, match="no tag"):
        broken.is_tagged(8)


def test_asking_takes_no_references():
    source, data, tag = Gio.Cancellable(), Thing(), Thing()
    answer = Answer(source, data, tag)
    task = Gio.Task.new(None, None, None)
    task.set_source_tag(tag)

    def ask():
        gobject.g_object_unref(pointer(gio.g_async_result_get_source_object(pointer(answer))))
        c_user_data(answer)
        c_is_tagged(answer, gio.g_task_get_source_tag(pointer(task)))
        answer.get_source_object()
        answer.get_user_data()
        answer.is_tagged(tag)
        answer.asked.clear()

    def counts():
        gc.collect()
        python = [sys.getrefcount(each) for each in (answer, data, tag, source)]
        return python + [source.__grefcount__, answer.__grefcount__]

    ask()
    before = counts()
    for _ in range(100):
        ask()
    assert counts() == before


# User data of what Python began --------------------------------------------------------------


@pytest.mark.parametrize(
    "given, gives", [((), None), (("one",), "one"), ((1, 2), (1, 2)), ((None,), None)], ids=repr
)
def test_the_user_data_is_what_was_passed_with_the_callback(given, gives):
    result, told = results_of(lambda callback: load(callback, *given))
    assert told == given
    assert result.get_user_data() == gives


def test_the_callback_and_its_data_may_be_named():
    def start(callback):
        file = Gio.File.new_for_path("/etc/debian_version")
        file.load_contents_async(None, callback=callback, user_data="named")

    result, told = results_of(start)
    assert told == ("named",) and result.get_user_data() == "named"


def test_it_is_the_same_object_within_the_callback_and_later():
    data, seen = Thing(), []
    load(lambda source, result, given: seen.append((result, result.get_user_data())), data)
    while not seen:
        GLib.MainContext.default().iteration(True)
    result, within = seen[0]
    load(lambda *_: seen.append(None))  # PyGObject frees here what it called back by
    while len(seen) < 2:
        GLib.MainContext.default().iteration(True)
    assert within is data and result.get_user_data() is data


@pytest.mark.filterwarnings("ignore:Gio.simple_async_report")
def test_functions_that_cannot_be_awaited_have_it_as_well():
    error = GLib.Error.new_literal(Gio.io_error_quark(), "of old", Gio.IOErrorEnum.BUSY)
    result, told = results_of(
        lambda callback: Gio.simple_async_report_gerror_in_idle(None, callback, "data", error)
    )
    assert told == ("data",) and result.get_user_data() == "data"


@pytest.mark.parametrize("arguments", [(None,), (lambda *_: None,)])
def test_a_task_without_has_none(arguments):
    task = Gio.Task.new(None, None, *arguments)
    assert task.get_user_data() is None
    task.return_boolean(True)  # GLib finds fault with a task that never does


def test_a_task_has_it_from_the_beginning():
    task = Gio.Task.new(None, None, lambda *_: None, "one", 2)
    assert task.get_user_data() == ("one", 2)
    task.return_boolean(True)


def test_an_awaited_operation_has_none(run):
    async def main():
        file = Gio.File.new_for_path("/etc/debian_version")
        finish = lambda result: (result, file.load_contents_finish(result))
        result, _ = await gawait.call(file.load_contents_async, finish=finish)
        assert result.get_user_data() is None

    run(main())


def test_a_coroutine_method_has_it():
    result, told = results_of(
        lambda callback: Counter().count_async(0, None, callback, "one", 2)
    )
    assert told == ("one", 2) and result.get_user_data() == ("one", 2)


def test_an_asynchronous_virtual_method_has_it():
    result, _ = results_of(
        lambda callback: Stream().read_bytes_async(4, 0, None, callback, "data")
    )
    assert result.get_user_data() == "data"


def test_what_c_code_began_has_the_address_that_c_code_gave():
    results = Gio.ListStore()

    @ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)
    def ready(source, result, data):
        gio.g_list_store_append(pointer(results), pointer(result))

    file = Gio.File.new_for_path("/etc/debian_version")
    gio.g_file_load_contents_async(pointer(file), None, ready, pointer(77))
    while not results:
        GLib.MainContext.default().iteration(True)
    assert results[0].get_user_data() == 77


def test_user_data_goes_with_the_result():
    data = Thing()
    seen = weakref.ref(data)
    before = sys.getrefcount(data)
    result, _ = results_of(lambda callback, data=data: load(callback, data))
    del _
    result_of(load)
    gc.collect()
    assert sys.getrefcount(data) == before + 1
    del data
    assert result.get_user_data() is seen()
    del result
    gc.collect()
    assert seen() is None


def test_user_data_that_keeps_its_result_is_collected():
    data = Thing()
    data.result, _ = results_of(lambda callback, data=data: load(callback, data))
    result_of(load)
    seen, gone = weakref.ref(data), []
    data.result.weak_ref(lambda: gone.append(True))
    del data, _
    gc.collect()
    assert seen() is None and gone


def test_a_callback_goes_after_it_was_called():
    class Callback:
        def __call__(self, source, result, data):
            self.result = result

    callback = Callback()
    before = sys.getrefcount(callback)
    load(callback, None)
    while not hasattr(callback, "result"):
        GLib.MainContext.default().iteration(True)
    result_of(load)
    gc.collect()
    assert sys.getrefcount(callback) == before


# Tags ----------------------------------------------------------------------------------------


def test_a_result_is_tagged_with_the_function_of_c():
    stream = Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(b"c"))
    result = result_of(lambda callback: stream.read_bytes_async(1, 0, None, callback))
    assert c_is_tagged(result, gio.g_input_stream_read_bytes_async)
    assert result.is_tagged(Gio.InputStream.read_bytes_async)
    assert result.is_tagged(stream.read_bytes_async)  # bound
    assert not result.is_tagged(Gio.InputStream.skip_async)
    assert not result.is_tagged(Gio.InputStream.read_bytes_finish)
    assert not result.is_tagged() and not result.is_tagged("text")
    assert result.get_source_tag() == Gio.InputStream.read_bytes_async


def test_a_result_of_what_c_code_began_is_tagged_as_well():
    stream = Gio.MemoryInputStream.new_from_bytes(GLib.Bytes.new(b"c"))
    task = Gio.Task.new(None, None, None)
    gio.g_task_set_source_tag(pointer(task), gio.g_input_stream_read_bytes_async)
    assert task.is_tagged(Gio.InputStream.read_bytes_async)
    assert not task.is_tagged(stream.skip_async)


def test_a_result_is_tagged_with_the_function_that_python_called():
    # GIO tags this one with a function that loads a part of a file.
    result = result_of(load)
    assert result.is_tagged(Gio.File.load_contents_async)
    assert not result.is_tagged(Gio.File.load_bytes_async)


def test_an_awaited_one_as_well(run):
    async def main():
        file = Gio.File.new_for_path("/etc/debian_version")
        finish = lambda result: (result, file.load_contents_finish(result))
        result, _ = await gawait.call(file.load_contents_async, finish=finish)
        assert result.is_tagged(Gio.File.load_contents_async)
        assert not result.is_tagged(Gio.File.read_async)

    run(main())


@pytest.mark.parametrize("tag", ["text", (1, 2), 2**80, Thing(), Thing, len], ids=repr)
def test_a_task_is_tagged_with_any_object(tag):
    task = Gio.Task.new(None, None, None)
    task.set_source_tag(tag)
    assert task.get_source_tag() is tag
    assert task.is_tagged(tag) and c_is_tagged(task, id(tag))
    assert not task.is_tagged(Thing()) and not task.is_tagged(None)


def test_tags_are_equal_as_the_items_of_a_list_are():
    task = Gio.Task.new(None, None, None)
    task.set_source_tag(("a", "tag"))
    assert task.is_tagged(tuple(["a", "tag"])) and not task.is_tagged(("another",))


@pytest.mark.parametrize("tag", [0, 5, True])
def test_integers_are_the_pointers_that_they_were(tag):
    task = Gio.Task.new(None, None, None)
    task.set_source_tag(tag)
    assert gio.g_task_get_source_tag(pointer(task)) == (int(tag) or None)
    assert task.get_source_tag() == (tag or None)
    assert task.is_tagged(tag) and task.is_tagged(int(tag))


def test_a_function_of_c_and_a_bound_method_are_tags():
    stream, counter = Gio.MemoryInputStream(), Counter()
    task = Gio.Task.new(None, None, None)
    task.set_source_tag(stream.read_async)
    assert c_is_tagged(task, gio.g_input_stream_read_async)
    assert task.is_tagged(Gio.InputStream.read_async)
    task.set_source_tag(counter.count)
    assert task.is_tagged(Counter.count) and task.is_tagged(counter.count)
    assert not task.is_tagged(Gio.InputStream.read_async)


def test_a_coroutine_method_is_tagged_with_the_function_that_begins_it():
    counter = Counter()
    result = result_of(lambda callback: counter.count_async(0, None, callback))
    assert result.is_tagged(Counter.count_async) and result.is_tagged(counter.count_async)
    assert c_is_tagged(result, id(Counter.count_async))
    assert not result.is_tagged(Counter.count) and not result.is_tagged(Counter.count_finish)
    assert result.get_source_tag() is Counter.count_async
    assert counter.count_finish(result) == 3


def test_an_asynchronous_virtual_method_is_tagged_with_its_coroutine():
    init = Initialised()
    result = result_of(lambda callback: init.init_async(0, None, callback))
    assert result.is_tagged(Initialised.do_init_async) and result.is_tagged(init.do_init_async)
    assert not result.is_tagged(Stream.do_read_async)
    assert result.get_source_tag() == Initialised.do_init_async
    assert init.init_finish(result)


def test_a_tag_goes_with_the_task_or_with_the_next_tag():
    tag, task = Thing(), Gio.Task.new(None, None, None)
    before = sys.getrefcount(tag)
    task.set_source_tag(tag)
    gc.collect()
    assert sys.getrefcount(tag) == before + 1
    task.set_source_tag(5)
    assert sys.getrefcount(tag) == before and not task.is_tagged(tag)
    task.set_source_tag(tag)
    seen = weakref.ref(tag)
    del tag
    gc.collect()
    assert task.get_source_tag() is seen()
    del task
    gc.collect()
    assert seen() is None


def test_two_tasks_may_have_the_same_tag():
    tag, one, two = Thing(), Gio.Task.new(None, None, None), Gio.Task.new(None, None, None)
    one.set_source_tag(tag)
    two.set_source_tag(tag)
    del one
    gc.collect()
    assert two.get_source_tag() is tag


def test_a_tag_that_keeps_its_task_is_collected():
    tag, task = Thing(), Gio.Task.new(None, None, None)
    tag.task, seen = task, weakref.ref(tag)
    task.set_source_tag(tag)
    del tag, task
    gc.collect()
    assert seen() is None


# Errors of the old kind ----------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:Gio.SimpleAsyncResult")
def test_the_error_of_an_old_result_is_raised():
    error = GLib.Error.new_literal(Gio.io_error_quark(), "of old", Gio.IOErrorEnum.BUSY)
    failed = Gio.SimpleAsyncResult.new_from_error(None, lambda *_: None, "data", error)
    with pytest.raises(GLib.Error, match="of old") as caught:
        failed.legacy_propagate_error()
    assert caught.value.matches(Gio.io_error_quark(), Gio.IOErrorEnum.BUSY)


@pytest.mark.filterwarnings("ignore:Gio.SimpleAsyncResult")
def test_an_old_result_has_its_user_data_and_tag():
    result = Gio.SimpleAsyncResult.new(None, lambda *_: None, "data", 5)
    assert result.get_user_data() == "data"
    assert result.is_tagged(5) and not result.is_tagged(6)
    assert result.legacy_propagate_error() is False


def test_others_have_no_error_of_the_old_kind():
    failed = result_of(
        lambda callback: Gio.File.new_for_path("/nowhere").load_contents_async(None, callback)
    )
    assert failed.legacy_propagate_error() is False
    assert Answer().legacy_propagate_error() is False
