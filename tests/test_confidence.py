"""Risk, coverage, calibration and intervals, against numbers worked by hand and against published definitions."""

import json
import math
from dataclasses import asdict

import numpy as np
import pytest
from scipy.stats import binom

from kgrag.errors import InputError
from kgrag.evaluation import Isotonic, Temperature, calibration_from, guaranteed
from kgrag.evaluation.confidence import (
    augrc,
    aurc,
    brier,
    coverage_at_risk,
    e_aurc,
    ece,
    reliability,
    risk_at_coverage,
    risk_coverage,
)
from kgrag.evaluation.guarantee import risk_bound
from kgrag.evaluation.intervals import bootstrap, mcnemar, mean_interval, paired_bootstrap

CONFIDENCE, LOSS = [0.7, 0.9, 0.8, 0.6], [0, 0, 1, 0]  # the second surest of four is wrong


def test_risk_and_coverage_by_hand():
    curve = risk_coverage(CONFIDENCE, LOSS)
    assert curve.coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert curve.risk.tolist() == [0, 1 / 2, 1 / 3, 1 / 4]
    assert aurc(CONFIDENCE, LOSS) == pytest.approx((1 / 2 + 1 / 3 + 1 / 4) / 4)
    # with the wrong one last, the risks are 0, 0, 0 and a quarter
    assert e_aurc(CONFIDENCE, LOSS) == pytest.approx((1 / 2 + 1 / 3 + 1 / 4) / 4 - 1 / 16)
    # one of the three right ones is surer than the wrong one
    assert augrc(CONFIDENCE, LOSS) == pytest.approx((1 - 1 / 3) * 3 / 4 * 1 / 4 + (1 / 4) ** 2 / 2)
    assert [coverage_at_risk(CONFIDENCE, LOSS, risk) for risk in (0.1, 0.25, 0.3)] == [0.25, 1.0, 1.0]
    assert [risk_at_coverage(CONFIDENCE, LOSS, share) for share in (0.25, 0.5, 1)] == [0, 0.5, 0.25]


def test_equal_confidences_are_answered_together_or_not_at_all():
    assert aurc([0.5, 0.5], [0, 1]) == aurc([0.5, 0.5], [1, 0]) == 0.5
    assert augrc([0.5, 0.5], [0, 1]) == 1 / 4  # AUROC 1/2: 1/2 * 1/4 + 1/8
    assert coverage_at_risk([0.9, 0.5, 0.5], [0, 0, 1], 0.0) == pytest.approx(1 / 3)


def test_augrc_is_what_its_authors_define():
    roc = pytest.importorskip("sklearn.metrics").roc_auc_score
    draw = np.random.default_rng(0)
    for _ in range(20):
        confidence = draw.random(60).round(1)
        right = draw.random(60) < confidence
        a = right.mean()
        expected = (1 - roc(right, confidence)) * a * (1 - a) + (1 - a) ** 2 / 2
        assert augrc(confidence, ~right) == pytest.approx(expected)


def test_calibration_error_by_hand():
    confidence, right = [0.9, 0.6, 0.9, 0.6], [1, 0, 1, 1]
    said, found, weight = reliability(confidence, right, bins=2)
    assert (said.tolist(), found.tolist(), weight.tolist()) == ([0.6, 0.9], [0.5, 1.0], [0.5, 0.5])
    assert ece(confidence, right, bins=2) == pytest.approx(0.1)
    assert brier(confidence, right) == pytest.approx((0.01 + 0.36 + 0.01 + 0.16) / 4)
    assert ece([0.7], [1]) == pytest.approx(0.3)
    with pytest.raises(InputError, match="1 answers and outcomes of 2"):
        ece([0.7], [1, 0])


def test_the_bound_on_the_risk_is_that_of_the_binomial_tail():
    assert risk_bound(0, 100, 0.05) == pytest.approx(1 - 0.05 ** (1 / 100))  # about 3 in 100
    assert binom.cdf(3, 50, risk_bound(3, 50, 0.01)) == pytest.approx(0.01)
    assert risk_bound(5, 5, 0.05) == risk_bound(0, 0, 0.05) == 1.0


def test_a_guarantee_is_the_widest_that_the_bounds_allow():
    confidence = np.arange(1024) / 1024
    right = confidence >= 0.25
    found = guaranteed(confidence, right, 0.05)
    assert found.risk <= 0.05 and found.risk == pytest.approx(
        risk_bound(
            int((~right & (confidence >= found.threshold)).sum()), int((confidence >= found.threshold).sum()), 0.005
        )
    )
    assert 0.7 < found.coverage < 0.8 and found.coverage == (confidence >= found.threshold).mean()
    # what was refused is no answer, but counts for coverage
    halved = guaranteed(np.append(confidence, np.full(1024, -np.inf)), np.append(right, np.zeros(1024)), 0.05)
    assert halved.threshold == found.threshold and halved.coverage == found.coverage / 2
    assert guaranteed([0.9, 0.8], [1, 1], 0.05).threshold == math.inf
    with pytest.raises(InputError, match="risk of 5 is no probability"):
        guaranteed(confidence, right, 5)


def test_a_guarantee_holds_as_often_as_it_says():
    draw, broken, covered = np.random.default_rng(0), 0, 0.0
    for _ in range(300):
        confidence = draw.random(400)
        found = guaranteed(confidence, draw.random(400) < confidence, 0.2, delta=0.1)
        # of uniform confidences from t on, a share of (1 - t) / 2 is wrong
        broken += (1 - min(found.threshold, 1.0)) / 2 > 0.2
        covered += found.coverage / 300
    assert broken <= 0.1 * 300 and covered > 0.1


def test_isotonic_by_hand():
    # the two in the middle fall, and are pooled: a half at 0.25
    fitted = Isotonic.fit([0.3, 0.1, 0.2, 0.4], [0, 0, 1, 1])
    assert fitted.confidence == pytest.approx((0.1, 0.25, 0.4)) and fitted.right == (0.0, 0.5, 1.0)
    assert fitted.transform([0.0, 0.175, 0.25, 0.9]) == pytest.approx([0.0, 0.25, 0.5, 1.0])
    assert calibration_from(json.loads(json.dumps(asdict(fitted)))) == fitted
    assert Isotonic.fit([1.0, 1.0], [1, 0]).transform(0.2) == 0.5


def test_temperature_by_hand():
    # three of five right at 0.8: ln 4 / T = ln 1.5
    fitted = Temperature.fit([0.8] * 5, [1, 1, 1, 0, 0])
    assert fitted.temperature == pytest.approx(math.log(4) / math.log(1.5), rel=1e-3)
    assert fitted.transform([0.8, 0.5]) == pytest.approx([0.6, 0.5], abs=1e-4)
    assert np.isfinite(fitted.transform([0.0, 1.0])).all()


@pytest.mark.parametrize("kind", [Isotonic, Temperature])
def test_calibrated_confidence_means_what_it_says_and_keeps_its_order(kind):
    draw = np.random.default_rng(1)
    confidence = draw.random(4000)
    right = draw.random(4000) < 1 / (1 + np.exp(-np.log(confidence / (1 - confidence)) / 3))
    fitted = kind.fit(confidence[::2], right[::2])
    said = fitted.transform(confidence[1::2])
    assert ece(confidence[1::2], right[1::2]) > 0.1 and ece(said, right[1::2]) < 0.05
    assert (np.diff(fitted.transform(np.sort(confidence))) >= 0).all()
    with pytest.raises(InputError, match="0 answers"):
        kind.fit([], [])


def test_intervals():
    flags = [1] * 50 + [0] * 50
    low, high = mean_interval(flags)
    # the standard error is 0.05: 0.402 to 0.598 in the normal approximation
    assert low == pytest.approx(0.402, abs=0.02) and high == pytest.approx(0.598, abs=0.02)
    values = np.random.default_rng(0).random(50)
    assert mean_interval(values) == mean_interval(values) != mean_interval(values, seed=1)
    with pytest.raises(InputError, match="no questions"):
        mean_interval([])
    assert bootstrap(lambda a, b: float((a * b).mean()), [2, 2], [3, 3]) == (6, 6)


def test_two_runs_by_hand():
    # nine won, one lost: 2 (1 + 10) of the 1,024 ways that ten coins may fall are as uneven
    first, second = [0] * 9 + [1] + [1] * 30, [1] * 9 + [0] + [1] * 30
    assert mcnemar(first, second) == mcnemar(second, first) == pytest.approx(22 / 1024)
    assert mcnemar(first, first) == 1.0
    found = paired_bootstrap(first, second)
    assert found.mean == pytest.approx(8 / 40) and 0 < found.interval.low < 0.2 < found.interval.high and found.p < 0.05
    same = paired_bootstrap(first, first)
    assert same == (0.0, (0.0, 0.0), 1.0)
