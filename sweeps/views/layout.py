"""TensorBoard's custom scalars: a layout that puts training and validation of one metric on one chart.

Built from the plugin's own protocol buffers (``tensorboard.plugins.custom_scalar``): its Python API wants TensorFlow.
"""

from __future__ import annotations

from collections.abc import Mapping

from tensorboard.compat.proto.summary_pb2 import DATA_CLASS_TENSOR, Summary
from tensorboard.compat.proto.tensor_pb2 import TensorProto
from tensorboard.compat.proto.types_pb2 import DT_STRING
from tensorboard.plugins.custom_scalar import layout_pb2, metadata


def layout(sections: Mapping[str, Mapping[str, str]]) -> Summary:
    """Sections of charts; a chart has a title and a regular expression of the tags whose curves it draws."""
    message = layout_pb2.Layout(
        category=[
            layout_pb2.Category(
                title=section,
                chart=[
                    layout_pb2.Chart(title=title, multiline=layout_pb2.MultilineChartContent(tag=[tags]))
                    for title, tags in charts.items()
                ],
            )
            for section, charts in sections.items()
        ]
    )
    tensor = TensorProto(dtype=DT_STRING, string_val=[message.SerializeToString()])
    about = metadata.create_summary_metadata()
    about.data_class = DATA_CLASS_TENSOR
    return Summary(value=[Summary.Value(tag=metadata.CONFIG_SUMMARY_TAG, metadata=about, tensor=tensor)])
