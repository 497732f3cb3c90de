from bloodtwin_core.simulation.compiled import cache_folder, compiled


def test_a_compiled_function_does_what_it_says():
    @compiled
    def doubled(number: float) -> float:
        return 2.0 * number

    assert doubled(4.0) == 8.0


def test_a_change_in_any_source_makes_another_cache(tmp_path):
    caller, callee = tmp_path / "caller.py", tmp_path / "callee.py"
    caller.write_text("call")
    callee.write_text("1")
    first = cache_folder(tmp_path, [caller, callee])
    assert cache_folder(tmp_path, [caller, callee]) == first
    callee.write_text("2")
    assert cache_folder(tmp_path, [caller, callee]) != first


def test_where_nothing_can_be_written_nothing_is_cached(tmp_path):
    occupied = tmp_path / "a_file_not_a_folder"
    occupied.write_text("")
    assert cache_folder(occupied, []) is None
