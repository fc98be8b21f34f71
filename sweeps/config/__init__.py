"""What a sweep file says: YAML -> SweepConfig, checked before anything starts."""

from sweeps.config.early_stopping import EarlyStopping
from sweeps.config.load import from_mapping, load_sweep, read_config
from sweeps.config.records import FunctionTrainer, Method, Metric, Resources, SweepConfig
from sweeps.config.starter import starter
from sweeps.recipes import Recipe, recipes

__all__ = [
    "EarlyStopping",
    "FunctionTrainer",
    "Method",
    "Metric",
    "Recipe",
    "Resources",
    "SweepConfig",
    "from_mapping",
    "load_sweep",
    "read_config",
    "recipes",
    "starter",
]
