"""An ONNX graph in the making: named nodes and constants, checked when it is finished."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper

Attribute = int | list[int]


class GraphBuilder:
    """Nodes and constants of a graph; every value has a name, and a node is named after what it gives first."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, values: npt.ArrayLike | torch.Tensor) -> str:
        """A constant of that name; one that is there already is used again."""
        if name not in self.constants:
            array = values.detach().numpy() if isinstance(values, torch.Tensor) else values
            self.constants[name] = numpy_helper.from_array(np.asarray(array, order="C"), name)
        return name

    def node(self, kind: str, takes: Sequence[str], gives: str, **attributes: Attribute) -> str:
        """A node that gives one value, whose name is returned."""
        self.nodes_giving(kind, takes, [gives], **attributes)
        return gives

    def nodes_giving(self, kind: str, takes: Sequence[str], gives: Sequence[str], **attributes: Attribute) -> list[str]:
        """A node that gives several values; an empty name is a value left out."""
        name = next(given for given in gives if given)
        node = helper.make_node(kind, takes, gives, name=f"{kind}_{name}")
        node.attribute.extend(helper.make_attribute(attribute, value) for attribute, value in attributes.items())
        self.nodes.append(node)
        return list(gives)

    def parts(self, name: str, sizes: Sequence[int], axis: int, of: str) -> list[str]:
        """A value cut into parts of these sizes along an axis, or itself where there is one part."""
        if len(sizes) == 1:
            return [of]
        lengths = self.constant(f"{name}_lengths", np.array(sizes, dtype=np.int64))
        return self.nodes_giving("Split", [of, lengths], [f"{name}{part}" for part in range(len(sizes))], axis=axis)

    def whole(self, name: str, values: int | Sequence[int]) -> str:
        """A constant of whole numbers, such as axes and shapes."""
        return self.constant(name, np.array(values, dtype=np.int64))

    def finish(
        self, takes: Sequence[onnx.ValueInfoProto], gives: Sequence[onnx.ValueInfoProto], opset: int
    ) -> onnx.ModelProto:
        """The graph as a model, checked."""
        opsets = [helper.make_opsetid("", opset)]
        graph = helper.make_graph(self.nodes, "bloodtwin", takes, gives, list(self.constants.values()))
        # The oldest file format that has this operator set, for older runtimes.
        version = helper.find_min_ir_version_for(opsets)
        model = helper.make_model(graph, producer_name="bloodtwin", opset_imports=opsets, ir_version=version)
        onnx.checker.check_model(model, full_check=True)
        return model


def float_value(name: str, *shape: int | str) -> onnx.ValueInfoProto:
    """An input or output of float32; a dimension that is a name is free."""
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape))
