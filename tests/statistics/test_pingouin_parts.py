"""What pingouin computes for us is what its package gives, without the package."""

from __future__ import annotations

import subprocess
import sys

CODE = """
import sys
import numpy as np
from werkbank.statistics.pingouin_parts import part
x = np.random.default_rng(3).normal(size=25)
apart = [part("distribution").normality(x), part("nonparametric").mwu(x, x + 1)]
apart.append(part("multicomp").multicomp([.01, .02, .5]))
print(*[name for name in ("pingouin", "xarray", "seaborn", "matplotlib") if name in sys.modules], sep=",")
import pingouin
pingouin.options["round"] = 1
assert part("multicomp") is part("multicomp")
pingouin.set_default_options()
whole = [pingouin.normality(x), pingouin.mwu(x, x + 1), pingouin.multicomp([.01, .02, .5])]
print(all(a.equals(b) for a, b in zip(apart[:2], whole[:2])), all((a == b).all() for a, b in zip(apart[2], whole[2])))
print(pingouin.ancova is not None)
"""


def test_its_modules_come_without_the_others_and_compute_the_same():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[:3] == ["", "True True", "True"]


def test_where_the_package_is_there_already_it_is_used():
    code = "import pingouin, sys\nfrom werkbank.statistics.pingouin_parts import part\n"
    code += "print(part('distribution') is sys.modules['pingouin.distribution'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True\n"
