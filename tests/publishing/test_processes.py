import pytest
from dying_tasks import double_but_die

from octa_svr_dataset.errors import InputError
from octa_svr_dataset.publishing.processes import TRIES, run_in_processes


def doubled(tasks, workers=2):
    results = run_in_processes(
        double_but_die, tasks, workers=workers, name=lambda task: f"task {task[0]}", on_tick=lambda _: None
    )
    return sorted(results)


def test_a_killed_process_loses_no_task_and_repeats_none(tmp_path):
    tasks = [(number, str(tmp_path), num_deaths) for number, num_deaths in enumerate([0, TRIES - 1, 0, 1, 0])]
    assert doubled(tasks) == [0, 2, 4, 6, 8]
    assert len(list(tmp_path.iterdir())) == TRIES


def test_a_task_that_always_kills_its_process_is_named(tmp_path):
    with pytest.raises(InputError, match=f"task 5: the process was killed {TRIES} times"):
        doubled([(5, str(tmp_path), 99)], workers=1)


def test_nothing_to_do_is_done(tmp_path):
    assert doubled([]) == []
    assert not list(tmp_path.iterdir())
