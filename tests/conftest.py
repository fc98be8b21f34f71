"""Settings of all tests."""

from hypothesis import HealthCheck, settings

# Machines are shared: that drawing examples or one of them took long is no fault of ours.
settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
