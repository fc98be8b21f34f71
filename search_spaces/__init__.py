"""What may vary in a sweep: parameters, search spaces, and W&B's way of writing them. Pure Python."""

from search_spaces.conditions import Condition
from search_spaces.constraints import Constraint, ConstraintError
from search_spaces.errors import SpaceError
from search_spaces.library import preset, preset_names, preset_points
from search_spaces.loader import load_parameter, load_space
from search_spaces.parameters import Categorical, Constant, Float, Int, Normal, Parameter
from search_spaces.space import SearchSpace

__all__ = [
    "Categorical",
    "Condition",
    "Constant",
    "Constraint",
    "ConstraintError",
    "Float",
    "Int",
    "Normal",
    "Parameter",
    "SearchSpace",
    "SpaceError",
    "load_parameter",
    "load_space",
    "preset",
    "preset_names",
    "preset_points",
]
