"""The kinds of parameters: what a search space is made of."""

from search_spaces.base import Parameter
from search_spaces.choices import Categorical, Constant
from search_spaces.floats import Float
from search_spaces.ints import Int
from search_spaces.normal import Normal

__all__ = ["Categorical", "Constant", "Float", "Int", "Normal", "Parameter"]
