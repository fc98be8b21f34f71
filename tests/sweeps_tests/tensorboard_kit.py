"""A sweep that tells a TensorBoard sink of its trials, and a reader of what that wrote."""

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from search_spaces import Categorical, Constant, Float, Int, Normal, SearchSpace
from sweeps.records.builder import RecordBuilder
from sweeps.views.tensorboard import TensorBoardSink

SPACE = SearchSpace(
    (
        Float("learning_rate", 1e-6, 1e-3, log=True),
        Int("batch_size", 8, 64),
        Categorical("optimizer", ("adamw", "sgd", None)),
        Categorical("freeze", (True, False)),
        Categorical("model_args.hidden", (32, 64)),
        Normal("noise"),
        Constant("epochs", 3),
    )
)
PARAMS = {
    "learning_rate": 3.1e-4, "batch_size": 32, "optimizer": None, "freeze": True,
    "model_args.hidden": 64, "noise": -1.5, "epochs": 3,
}  # fmt: skip
NAME = "lr=3.1e-4 bs=32 opt=none freeze=true hidden=64 noise=-1.5"


class Sweep:
    """A driver in small: events go to a builder and to a sink; ``restart`` is a new driver on the same folder."""

    def __init__(self, folder, goal="maximize"):
        self.folder, self.goal, self.events = folder, goal, []
        self.restart()

    def restart(self):
        self.builder, self.sink = (
            RecordBuilder(),
            TensorBoardSink(self.folder / "tensorboard", "accuracy", self.goal, SPACE),
        )
        for event in self.events:
            self.show({**event, "replayed": True})
        self.tell("sweep", id="5eed", name="digits", metric="accuracy", goal=self.goal)

    def show(self, event):
        self.builder.apply(event)
        self.sink.handle(event, self.builder.trial(event["trial"]) if "trial" in event else None)

    def tell(self, event, **fields):
        n = len(self.events) + 1
        self.events.append({"n": n, "time": 1000.0 + n, "sweep": "5eed", "event": event, **fields})
        self.show(self.events[-1])

    def start(self, number=1, attempt=1):
        self.tell("trial", trial=f"t{number:04}", params=PARAMS, number=number)
        self.state("running", number, attempt)

    def state(self, state, number=1, attempt=1, seconds=None):
        self.tell("state", trial=f"t{number:04}", state=state, attempt=attempt, seconds=seconds)

    def report(self, report, value, number=1, attempt=1, **more):
        metrics = {"accuracy": value, "best_accuracy": 1.0, "loss": 1 - value, "train_loss": 0.5, "learning_rate": 1e-3}
        metrics |= more
        self.tell(
            "report", trial=f"t{number:04}", attempt=attempt, report=report, step=10 * report, epoch=report / 2,
            metrics=metrics,
        )  # fmt: skip

    def curve(self, tag, number=1):
        (run,) = (self.folder / "tensorboard").glob(f"t{number:04}*")
        accumulator = EventAccumulator(str(run))
        accumulator.Reload()
        return [(event.step, round(event.value, 4)) for event in accumulator.Scalars(tag)]
