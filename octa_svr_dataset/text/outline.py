"""A description in brief, as it is thought before a report is written."""

from octa_svr_dataset.text.evidence import say_counted_beading
from octa_svr_dataset.text.lesions import say_irma, say_microaneurysms, say_neovascularization, say_new_vessels
from octa_svr_dataset.text.perfusion import say_diffuse_loss, say_dropout, say_dropout_in_all
from octa_svr_dataset.text.reply import Stage, stage
from octa_svr_dataset.text.surroundings import say_fovea, say_quality
from octa_svr_dataset.text.writer import Said, Writer


def outline(writer: Writer) -> tuple[Stage, ...]:
    """The stages of a description, each with what matters most in it."""
    return (
        stage(say_fovea(writer)[0]),
        stage(*_say_perfusion(writer)),
        stage(say_microaneurysms(writer)[0]),
        stage(*_say_new_vessels(writer), *say_counted_beading(writer)),
        stage(say_quality(writer)[0]),
    )


def _say_perfusion(writer: Writer) -> list[Said]:
    """Dropout in all, and diffuse loss."""
    dropouts, loss = writer.findings.visible_dropouts, writer.findings.diffuse_loss
    if not dropouts and not loss.is_visible:
        return [writer.say("perfusion/intact", "dropout", "diffuse_loss")]
    dropout = say_dropout_in_all(writer) if len(dropouts) > 1 else say_dropout(writer)[0]
    return [dropout, say_diffuse_loss(writer)]


def _say_new_vessels(writer: Writer) -> list[Said]:
    """Shunts and tufts; of several shunts only how many they are."""
    if not writer.findings.visible_irma:
        return say_new_vessels(writer)
    return [say_irma(writer, most_listed=1), say_neovascularization(writer)]
