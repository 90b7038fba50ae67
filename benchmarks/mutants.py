"""`python -m benchmarks.mutants [WORD ...]`: breaks the code in one way after another, and runs the tests.

Each mutant is a line that is changed in a copy of the package. The tests that should notice run against the
copy; a mutant that none of them notices is printed, and the end is 1.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = Path("src/gridpact")
SECONDS_MAX = 300.0  # after which a mutant that runs on and on is taken as noticed


@dataclass(frozen=True, slots=True)
class Mutant:
    """A change of the code, and where it should be noticed.

    Attributes:
        name: what is broken.
        file: below the package.
        line: a text that is there once.
        broken: what takes its place.
        tests: below `tests`, space between them.
    """

    name: str
    file: str
    line: str
    broken: str
    tests: str


CERTIFY = "unit/test_proofs_bite.py unit/test_certify.py properties/test_certify.py"
STEPS = "unit/test_sqp.py unit/test_quadratic.py"
RULES = "unit/test_allocation_rules.py"
TERMS = "unit/test_proofs_bite.py unit/test_terms.py unit/test_budget.py"
CLEAR = "unit/test_ac_cases.py properties/test_ac_clearing.py"

MUTANTS = (
    Mutant(
        "the certificate without its corner",
        "clearing/certificate/cones_clarabel.py",
        "self._right @ dual + corner + rounding",
        "self._right @ dual + rounding",
        CERTIFY,
    ),
    Mutant(
        "prices of caps under commitments as if all of them were left",
        "clearing/on_commitments.py",
        "np.where(used_kw > 0.0, limit / binding.limit, 1.0)",
        "np.ones_like(used_kw)",
        "unit/test_proofs_bite.py properties/test_sessions.py",
    ),
    Mutant(
        "choices of unknown worth are worth nothing",
        "clearing/terms/decision_search.py",
        "self._unknown_kw = max(self._unknown_kw, draft.upper_kw)",
        "self._unknown_kw = -np.inf",
        TERMS,
    ),
    Mutant(
        "what is missing in an outage has the other reactive power",
        "clearing/problem/market.py",
        "entry = np.concatenate([np.ones(len(here)), -missing, np.ones(len(here))])",
        "entry = np.concatenate([np.ones(len(here)), missing, np.ones(len(here))])",
        "unit/test_robust.py",
    ),
    Mutant(
        "sellers' reactive power with the other sign",
        "clearing/problem/market.py",
        "np.append(1.0 + 1j * people.generation_tan_phi[sells],",
        "np.append(1.0 - 1j * people.generation_tan_phi[sells],",
        f"unit/test_robust.py {CLEAR}",
    ),
    Mutant(
        "planes that cut one percent too much",
        "clearing/terms/tangent_planes.py",
        "upper.append((room[nearest] + plane @ (share[place] * power_kw)) / scale)",
        "upper.append(0.99 * (room[nearest] + plane @ (share[place] * power_kw)) / scale)",
        TERMS,
    ),
    Mutant(
        "an even cut that is sought the other way",
        "clearing/solver/programme.py",
        "gradient: Float = self.weight + by_log + 2.0 *",
        "gradient: Float = self.weight + by_log - 2.0 *",
        f"{STEPS} {RULES}",
    ),
    Mutant(
        "curvature of limits with the other sign",
        "clearing/network/sensitivities.py",
        "voltage) - (mixed + mixed.T).real",
        "voltage) + (mixed + mixed.T).real",
        STEPS,
    ),
    Mutant(
        "low voltages taken for high ones",
        "clearing/network/situations.py",
        "[magnitude - self.greatest[situation], self.least[situation] - magnitude])",
        "[magnitude - self.greatest[situation], magnitude - self.greatest[situation]])",
        f"{STEPS} {CLEAR}",
    ),
    Mutant(
        "a reduced network that forgets its voltages without load",
        "grid/flow/reduction.py",
        "supply_current=-admittance @ no_load[nodes],",
        "supply_current=-admittance @ no_load[nodes] * 0.99,",
        "unit/test_reduction.py",
    ),
    Mutant(
        "shares by logarithms that do not weigh what is proposed",
        "clearing/rules/proportional.py",
        "logarithm = np.where(can_clear, proposed_kw, 0.0)",
        "logarithm = np.where(can_clear, 1.0, 0.0)",
        f"{RULES} unit/test_proportional.py",
    ),
    Mutant(
        "the last come first",
        "clearing/rules/priority.py",
        "weight[rank == one] = WORTH**age",
        "weight[rank == one] = WORTH ** (len(kept) - 1 - age)",
        RULES,
    ),
    Mutant(
        "a level that decides nobody but the first",
        "clearing/rules/max_min.py",
        "is_open & (level_dual >= LEVEL_DUAL_SHARE * level_dual.max(initial=0.0))",
        "is_open & (level_dual >= level_dual.max(initial=0.0))",
        RULES,
    ),
    Mutant(
        "the worse of two optima",
        "clearing/rules/stage.py",
        "return gained > 0.0",
        "return gained < 0.0",
        f"{STEPS} {CLEAR}",
    ),
    Mutant(
        "no path through the inside",
        "clearing/rules/stage.py",
        "for further in (_from_inside, _from_tilted):",
        "for further in (_from_tilted,):",
        STEPS,
    ),
    Mutant(
        "limits that are always relaxed",
        "clearing/relaxed_limits.py",
        "own = np.isin(np.arange(problem.shape[0]), kept)",
        "own = np.zeros(problem.shape[0], dtype=np.bool_)",
        "unit/test_options_together.py unit/test_results_cases.py properties/test_ac_clearing.py",
    ),
    Mutant(
        "limits that are never relaxed",
        "clearing/relaxed_limits.py",
        "own = np.isin(np.arange(problem.shape[0]), kept)",
        "own = np.ones(problem.shape[0], dtype=np.bool_)",
        "unit/test_options_together.py unit/test_results_cases.py properties/test_ac_clearing.py",
    ),
    Mutant(
        "a share that is one step too great",
        "clearing/fallback.py",
        "best = int(np.flatnonzero(kept)[-1]) if kept.any() else 0",
        "best = min(int(np.flatnonzero(kept)[-1]) + 1, STEPS) if kept.any() else 0",
        f"{RULES} unit/test_options_together.py",
    ),
    Mutant(
        "a cancellation that nobody hears",
        "clearing/solver/budget.py",
        "if self.is_cancelled is not None and self.is_cancelled():",
        "if self.is_cancelled is not None and self.is_cancelled() is None:",
        "unit/test_budget.py",
    ),
    Mutant(
        "work that is not counted",
        "clearing/solver/budget.py",
        "        self.spent += units\n",
        "        self.spent += 0.0 * units\n",
        "unit/test_budget.py",
    ),
    Mutant(
        "the first part takes all the time",
        "clearing/terms/joint_clearing.py",
        "share = searching.share(weights[place] / sum(weights[place:]))",
        "share = searching.share(1.0)",
        "unit/test_budget.py",
    ),
    Mutant(
        "ties by no order",
        "clearing/terms/decision_search.py",
        "self._best = self._first_among_equals(self._best)",
        "self._best = self._best.copy()",
        TERMS,
    ),
    Mutant(
        "what others need is taken alone",
        "clearing/terms/decision_search.py",
        "np.setdiff1d(np.arange(self._part.decisions), self._part.parent)",
        "np.arange(self._part.decisions)",
        TERMS,
    ),
    Mutant(
        "a bound by planes that prove nothing",
        "clearing/terms/decision_search.py",
        "proven_kw = self._proven_kw if self._has_cut else min(self._proven_kw, upper_kw)",
        "proven_kw = min(self._proven_kw, upper_kw)",
        f"{TERMS} unit/test_proof_and_price.py",
    ),
    Mutant(
        "trades that fail deliver all the same",
        "clearing/contingencies.py",
        "single = trades_of_seller[cell[place]] > 1",
        "single = trades_of_seller[cell[place]] > 1_000",
        "unit/test_robust.py",
    ),
    Mutant(
        "a relaxation that is a little too tight",
        "clearing/certificate/certify.py",
        "bound_kw = min(first.upper, caps_kw)",
        "bound_kw = min(first.upper * 0.9999, caps_kw)",
        CERTIFY,
    ),
    Mutant(
        "commitments that break limits fit",
        "clearing/on_commitments.py",
        "idle | (within & keeps_limits(operation, problem.operating_limits.widened()))",
        "idle | within",
        "unit/test_proofs_bite.py properties/test_sessions.py",
    ),
    Mutant(
        "no tilted objectives",
        "clearing/rules/stage.py",
        "for further in (_from_inside, _from_tilted):",
        "for further in (_from_inside,):",
        STEPS,
    ),
    Mutant(
        "what binds may be away from its bound",
        "clearing/solver/active_set.py",
        "np.abs(exceeded[binding]).max(initial=0.0)",
        "0.0",
        STEPS,
    ),
    Mutant(
        "multipliers of an active set that may be negative",
        "clearing/solver/active_set.py",
        "np.where(sets.rows, row_dual > 0.0, excess > ROUNDED_KW)",
        "np.where(sets.rows, True, excess > ROUNDED_KW)",
        STEPS,
    ),
    Mutant(
        "multipliers of caps that bound a coordinate stay there",
        "clearing/solver/sparse_piqp.py",
        "own_dual[kept], own_dual[caps.row] = kept_dual, caps.price(bound_dual)",
        "own_dual[kept] = kept_dual",
        STEPS,
    ),
    Mutant(
        "caps the other way bound a coordinate from above",
        "clearing/solver/sparse_piqp.py",
        "up = row_upper[self.row] / self.factor, self.factor > 0.0",
        "up = row_upper[self.row] / self.factor, self.factor > -np.inf",
        STEPS,
    ),
    Mutant(
        "no cap is left for what curvature wins beside it",
        "clearing/solver/optimality.py",
        "if beside.any():",
        "if False:",
        "unit/test_ac_cases.py",
    ),
    Mutant(
        "a row of the even cut stays tight whatever its multiplier",
        "clearing/solver/even_cut_clarabel.py",
        "self.rows > 0.0, multiplier < 0.0, value_kw",
        "self.rows > 0.0, True, value_kw",
        "unit/test_even_cut.py",
    ),
    Mutant(
        "the Jacobian of a power flow with the other sign of its cross terms",
        "grid/flow/power_flow.py",
        "[together.real, -apart.imag, together.imag, apart.real]",
        "[together.real, apart.imag, together.imag, apart.real]",
        "unit/test_grid_power_flow.py",
    ),
    Mutant(
        "nothing is tried beside the best choice",
        "clearing/terms/decision_search.py",
        "if self._has_cut and self._part.decisions <= NEIGHBOURS_DECISIONS_MAX:",
        "if False:",
        TERMS,
    ),
)


def survives(mutant: Mutant) -> bool:
    """Whether no test notices a mutant.

    Raises:
        SystemExit: the line that it changes is not there once.
    """
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder)
        for part in ("src", "tests", "examples", "docs", "benchmarks"):
            shutil.copytree(ROOT / part, copy / part, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", copy)
        file = copy / PACKAGE / mutant.file
        text = file.read_text()
        if text.count(mutant.line) != 1:
            raise SystemExit(
                f"{mutant.name}: {mutant.file} has {text.count(mutant.line)} lines {mutant.line!r}"
            )
        file.write_text(text.replace(mutant.line, mutant.broken))
        tests = [str(Path("tests") / one) for one in mutant.tests.split()]
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *tests]
        environment = {**os.environ, "PYTHONPATH": f"{copy / 'src'}:{copy}", "CI": "true"}
        try:
            done = subprocess.run(
                command, cwd=copy, env=environment, capture_output=True, check=False, timeout=SECONDS_MAX
            )
        except subprocess.TimeoutExpired:
            return False
    return done.returncode == 0


def main() -> None:
    """Tries all mutants, or those whose names hold one of the words given."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("words", nargs="*", metavar="WORD", help="of the name of a mutant; all without any")
    words = parser.parse_args().words
    chosen = [mutant for mutant in MUTANTS if not words or any(word in mutant.name for word in words)]
    if not chosen:
        parser.error(f"no mutant has {' or '.join(words)} in its name")
    alive = []
    for mutant in chosen:
        is_alive = survives(mutant)
        print(f"{'SURVIVES' if is_alive else 'dies':8} {mutant.name}", flush=True)
        alive += [mutant.name] * is_alive
    raise SystemExit(1 if alive else 0)


if __name__ == "__main__":
    main()
