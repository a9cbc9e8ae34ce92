"""Asynchronous successive halving, against the paper's algorithm as it is printed and its example."""

import heapq
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resnet_tf.learning.asha import WORST, Job, Place, best, expected, next_job, rungs


class Printed:
    """Algorithm 2 of arXiv:1810.05934, line by line, with a bottom rung that ends after so many configurations."""

    def __init__(self, trials, top, eta):
        self.trials, self.top, self.eta, self.drawn = trials, top, eta, 0
        self.losses = [{} for _ in range(top + 1)]  # rung -> configuration -> loss
        self.promoted = [set() for _ in range(top + 1)]

    def get_job(self):
        for k in range(self.top - 1, -1, -1):
            by_loss = sorted(self.losses[k], key=lambda t: (self.losses[k][t], t))
            candidates = by_loss[: len(self.losses[k]) // self.eta]
            promotable = [t for t in candidates if t not in self.promoted[k]]
            if promotable:
                self.promoted[k].add(promotable[0])
                return promotable[0], k + 1
        if self.drawn == self.trials:
            return None
        self.drawn += 1
        return self.drawn - 1, 0


class Ours:
    """The same, kept as the records keep it: what is known of each trial."""

    def __init__(self, trials, top, eta):
        self.trials, self.top, self.eta, self.places = trials, top, eta, {}

    def get_job(self):
        job = next_job(self.places, self.trials, self.top, self.eta)
        if job is not None:
            scores = self.places[job.trial].scores if job.rung else ()
            self.places[job.trial] = Place(scores, waits=False)
        return job

    def end(self, job, loss):
        scores = (*self.places[job.trial].scores, (-loss,))
        self.places[job.trial] = Place(scores, waits=job.rung < self.top)


def simulated(trials, top, eta, workers, draws):
    """The jobs in the order in which workers got them, ours beside the printed algorithm's; every job takes a while."""
    printed, ours, jobs, clock, count = Printed(trials, top, eta), Ours(trials, top, eta), [], [], itertools.count()
    free = workers
    while True:
        while free and (job := printed.get_job()) is not None:
            jobs.append((job, ours.get_job()))
            heapq.heappush(clock, (draws.random() + (clock[0][0] if clock else 0), next(count), job))
            free -= 1
        assert not free or ours.get_job() is None
        if not clock:
            return jobs, printed, ours
        _, _, (trial, rung) = heapq.heappop(clock)
        loss = draws.choice([draws.random(), 0.5])  # equal ones among them
        printed.losses[rung][trial] = loss
        ours.end(Job(trial, rung), loss)
        free += 1


@given(
    st.integers(1, 40), st.integers(1, 4), st.integers(2, 5), st.integers(1, 12), st.randoms(use_true_random=False)
)  # fmt: skip
def test_every_free_worker_gets_the_job_of_the_printed_algorithm(trials, top, eta, workers, draws):
    jobs, printed, ours = simulated(trials, top, eta, workers, draws)
    assert [mine for _, mine in jobs] == [Job(*theirs) for theirs, _ in jobs]
    assert len(set(jobs)) == len(jobs)  # none is done twice
    assert sorted(ours.places) == list(range(trials))  # and every trial was begun
    for rung in range(top):  # in the end exactly what was promotable has been promoted
        ended = printed.losses[rung]
        candidates = sorted(ended, key=lambda t: (ended[t], t))[: len(ended) // eta]
        assert set(candidates) <= printed.promoted[rung] == set(printed.losses[rung + 1])


def test_trials_that_all_end_before_any_goes_on_are_halved_as_in_the_papers_table():
    """Table 1 of the paper, bracket 0: 9 configurations for 1, 3 for 3, 1 for 9 (eta 3, r 1, R 9)."""
    ends, ours = rungs(1, 9, 3), Ours(9, 2, 3)
    assert ends == (1, 3, 9)
    for rung, count in enumerate((9, 3, 1)):
        jobs = [ours.get_job() for _ in range(count)]
        assert {job.rung for job in jobs} == {rung}
        for job in jobs:
            ours.end(job, loss=job.trial / 10)
    assert ours.get_job() is None
    assert [len(ours.places[n].scores) for n in range(9)] == [3, 2, 2, 1, 1, 1, 1, 1, 1]
    assert expected(9, ends, 3) == 9 * 1 + 3 * 2 + 1 * 6


@pytest.mark.parametrize(
    ("least", "most", "eta", "ends"),
    [(1, 81, 3, (1, 3, 9, 27, 81)), (1, 27, 3, (1, 3, 9, 27)), (2, 16, 2, (2, 4, 8, 16)), (4, 4, 3, (4,)),
     (3, 4, 3, (4,)), (1, 20, 3, (1, 3, 20)), (1, 1, 2, (1,))],
)  # fmt: skip
def test_rungs_end_at_powers_of_eta_and_the_last_where_the_schedule_does(least, most, eta, ends):
    assert rungs(least, most, eta) == ends


@given(st.integers(1, 50), st.integers(0, 500), st.integers(2, 10))
def test_rungs_ascend_and_are_as_many_as_the_papers(least, more, eta):
    most = least + more
    ends = rungs(least, most, eta)
    assert list(ends) == sorted(set(ends))
    papers = next(k for k in itertools.count() if least * eta ** (k + 1) > most)  # floor(log_eta(R / r))
    assert ends[-1] == most
    assert ends[:-1] == tuple(least * eta**k for k in range(papers))


def test_what_failed_counts_in_its_rung_and_is_never_promoted():
    places = {0: Place((WORST,), False), 1: Place((WORST,), False), 2: Place(((0.1,),), True)}
    assert next_job(places, 3, 1, 3) == Job(2, 1)
    assert next_job({**places, 2: Place((WORST,), False)}, 3, 1, 3) is None


def test_a_trial_that_was_stopped_is_passed_over_for_none():
    """It is among the best: whoever stopped it did not mean that a worse one goes on in its place."""
    places = {0: Place(((0.9,),), False), 1: Place(((0.5,),), True), 2: Place(((0.1,),), True)}
    assert next_job(places, 3, 1, 3) is None


@given(st.dictionaries(st.integers(0, 9), st.sampled_from([WORST, (0.5, -1.0), (0.5, -2.0), (0.75, -3.0)])))
def test_the_best_are_those_with_the_highest_accuracy_then_the_lowest_loss_then_the_first(scores):
    found = best(scores, len(scores))
    assert sorted(found) == sorted(scores)
    for a, b in itertools.pairwise(found):
        assert scores[a] > scores[b] or (scores[a] == scores[b] and a < b)
    assert best(scores, 2) == found[:2]
