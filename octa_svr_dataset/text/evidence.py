"""The signs on which class and severity rest, in prose."""

from octa_svr_dataset.text.lesions import say_microaneurysms, say_new_vessels
from octa_svr_dataset.text.perfusion import say_perfusion
from octa_svr_dataset.text.reply import Stage, stage
from octa_svr_dataset.text.synthesis import counts_beading
from octa_svr_dataset.text.writer import Said, Writer


def evidence(writer: Writer) -> tuple[Stage, ...]:
    """All that class and severity may rest on; beaded veins are named where they count."""
    return (
        stage(*say_perfusion(writer)),
        stage(*say_microaneurysms(writer)),
        stage(*say_new_vessels(writer), *say_counted_beading(writer)),
    )


def say_evidence(writer: Writer) -> list[Said]:
    """The same without stages."""
    return [said for part in evidence(writer) for said in part.said]


def say_counted_beading(writer: Writer) -> list[Said]:
    """Beaded veins, where they count."""
    return [writer.say("shape/beaded", "vessel_shape")] if counts_beading(writer.findings) else []
