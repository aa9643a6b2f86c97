"""The command `octa-svr`: settings, pictures, and the use of the dataset without an import."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml
from rich.console import Console
from rich.progress import track
from rich.table import Table

from octa_svr_dataset import autoload
from octa_svr_dataset.command import output_folder, run
from octa_svr_dataset.config import SceneConfig
from octa_svr_dataset.errors import InputError, require_whole_number
from octa_svr_dataset.publishing import push_command
from octa_svr_dataset.resolve import config_hash, nested_settings, resolve_config
from octa_svr_dataset.seeding import LARGEST_SEED, SceneKey, Split
from octa_svr_dataset.settings_table import settings

if TYPE_CHECKING:
    from octa_svr_dataset.realism.fit import AppearanceFit

app = typer.Typer(
    help="Synthetic OCTA images with reasoning texts that are true of each picture.",
    add_completion=False,
    pretty_exceptions_enable=False,
    no_args_is_help=True,
)
autoload_app = typer.Typer(
    help='Whether load_dataset("octa_svr", ...) works without `import octa_svr_dataset`.', no_args_is_help=True
)
app.add_typer(autoload_app, name="autoload")
app.command()(push_command.push)


def _whole_number(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise typer.BadParameter(f"must be a whole number, got {text!r}") from None


Preset = Annotated[str, typer.Argument(help="Name of a preset, such as dropout_ma.")]
ConfigFile = Annotated[Path | None, typer.Option(help="YAML file with settings that differ from the preset.")]
Changes = Annotated[list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting; may be given again.")]


def main() -> None:
    """Run the command."""
    run(app, "octa-svr")


@app.command()
def config(
    preset: Preset,
    config_file: ConfigFile = None,
    changes: Changes = None,
    as_yaml: Annotated[bool, typer.Option("--yaml", help="Print YAML that --config-file reads.")] = False,
) -> None:
    """Print every setting with its value, what is allowed, and its meaning."""
    scene_config = resolve_config(preset, config_file=config_file, overrides=parse_overrides(changes))
    if as_yaml:
        print(yaml.safe_dump(scene_config.model_dump(mode="json"), sort_keys=False), end="")
    else:
        _print_table(scene_config)


@app.command()
def import_config(
    file: Annotated[Path, typer.Argument(help="YAML file of OCTA-SVR, or of the simulator of its vessels.")],
) -> None:
    """Print the prior art's settings as YAML that --config-file reads, and on stderr each key without effect here."""
    from octa_svr_dataset.prior_art import BASE_PRESET, import_settings  # compiled kernels come with it

    imported = import_settings(file)
    print(f"# From {file.name}; made to be used with the preset {BASE_PRESET}.")
    print(yaml.safe_dump(nested_settings(imported.settings), sort_keys=False), end="")
    for key, reason in imported.not_honored.items():
        print(f"not honored: {key}: {reason}", file=sys.stderr)


@app.command()
def images(
    preset: Preset,
    out: Annotated[Path, typer.Option(help="Folder to make; it must be new or empty.")],
    num: Annotated[int, typer.Option(parser=_whole_number, help="Number of pictures.")],
    seed: Annotated[int, typer.Option(parser=_whole_number, help="Seed of all chance.")] = 0,
    split: Annotated[str, typer.Option(help="train, validation or test; they share no scene.")] = "test",
    config_file: ConfigFile = None,
    changes: Changes = None,
    masks: Annotated[bool, typer.Option("--masks", help="Write the pixel layers, too.")] = False,
) -> None:
    """Write a folder of pictures, one subfolder a class."""
    from octa_svr_dataset.image_folder import write_image_folder  # compiled kernels come with it

    if num < 1:
        raise InputError(f"num: must be a whole number of at least 1, got {num}")
    scene_config = resolve_config(preset, config_file=config_file, overrides=parse_overrides(changes))
    chosen_split = Split.from_name(split)
    keys = [SceneKey(seed=seed, split=chosen_split, scene_index=index) for index in range(num)]
    write_image_folder(
        out,
        preset,
        scene_config,
        track(keys, description="Synthesizing", console=Console(stderr=True)),
        command=shlex.join(["octa-svr", *sys.argv[1:]]),
        include_masks=masks,
    )
    print(f"{num} synthetic pictures of configuration {config_hash(scene_config)} are in {out}")


@app.command()
def texts(
    preset: Preset,
    num: Annotated[int, typer.Option(parser=_whole_number, help="Number of dialogues.")],
    seed: Annotated[int, typer.Option(parser=_whole_number, help="Seed of all chance.")] = 0,
    split: Annotated[str, typer.Option(help="train, validation or test; they share no scene.")] = "train",
    templates: Annotated[Path | None, typer.Option(help="Folder of wordings that replace ours or add to them.")] = None,
    config_file: ConfigFile = None,
    changes: Changes = None,
) -> None:
    """Print dialogues to read, each with the class of its picture."""
    from octa_svr_dataset.example import simulate  # compiled kernels come with it
    from octa_svr_dataset.row import row_id

    if num < 1:
        raise InputError(f"num: must be a whole number of at least 1, got {num}")
    overrides = parse_overrides(changes)
    if templates is not None:
        overrides["text.templates"] = str(templates)
    scene_config = resolve_config(preset, config_file=config_file, overrides=overrides)
    chosen_split = Split.from_name(split)
    for index in range(num):
        example = simulate(scene_config, SceneKey(seed=seed, split=chosen_split, scene_index=index))
        print(f"# {row_id(preset, example.key)}: {example.findings.label}, severity {example.findings.severity}\n")
        for message in example.dialogue.messages:
            print(f"{message.role}: {message.content}\n")


@app.command()
def fit_appearance(
    folder: Annotated[Path, typer.Argument(help="Folder of real pictures, without labels or of healthy eyes.")],
    out: Annotated[Path, typer.Option(help="YAML file to write.")],
    field_of_view_mm: Annotated[float, typer.Option(help="Width of the real pictures, mm.")] = 3.0,
    projection: Annotated[str, typer.Option(help="Layers that they show: full, superficial or deep.")] = "superficial",
    num: Annotated[int, typer.Option(parser=_whole_number, help="Pictures to simulate.")] = 1200,
    seed: Annotated[int, typer.Option(parser=_whole_number, help="Seed of all chance.")] = 0,
    workers: Annotated[int, typer.Option(parser=_whole_number, help="Processes that simulate.")] = 1,
) -> None:
    """Fit the appearance of pictures to a folder of real ones, and write it as a profile."""
    from octa_svr_dataset.realism import fit, profile  # compiled kernels come with it

    for name, count, least in (("num", num, fit.LEAST_SIMULATED), ("workers", workers, 1)):
        if count < least:
            raise InputError(f"{name}: must be a whole number of at least {least}, got {count}")
    require_whole_number("seed", seed, largest=LARGEST_SEED)
    if out.is_dir():
        raise InputError(f"out: {str(out)!r} is a folder; allowed: the name of a file to write")
    scene_config = profile.config_of_pictures(field_of_view_mm, projection)
    pictures = profile.read_pictures(folder)
    with output_folder(out.resolve().parent, field="out"):
        appearance = fit.fit_appearance(
            pictures,
            scene_config,
            num_simulated=num,
            seed=seed,
            num_workers=workers,
            progress=lambda eyes, title: track(eyes, title, total=fit.NUM_EYES, console=Console(stderr=True)),
        )
        command = shlex.join(["octa-svr", *sys.argv[1:]])
        profile.write_profile(out, appearance.settings, num_pictures=len(pictures), command=command)
    _print_fit(appearance)
    if appearance.misfit_after >= appearance.misfit_before:
        print("The fit brings our pictures no nearer to these: keep the default appearance, or fit more alike pictures")
    print(f"The appearance of {len(pictures)} picture{'s' if len(pictures) > 1 else ''} is in {out}")


@app.command()
def measure(
    images: Annotated[list[Path], typer.Argument(help="Square pictures: PNG, JPEG, BMP or TIFF, of 8 or 16 bits.")],
    fov_mm: Annotated[
        float | None, typer.Option(help="Width of their field of view, mm; else lengths are in px.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON a picture.")] = False,
) -> None:
    """Measure pictures, synthetic or real: avascular zone, vessels, quality."""
    from octa_svr_dataset.measurement import table

    if fov_mm is not None and not table.NARROWEST_MM <= fov_mm <= table.WIDEST_MM:
        raise InputError(f"fov_mm: must be a number from {table.NARROWEST_MM} to {table.WIDEST_MM}, got {fov_mm}")
    measured, errors = table.measure_files(images, fov_mm)
    if as_json:
        for file in measured:
            print(table.as_json(file))
    elif measured:
        Console(width=None if sys.stdout.isatty() else 160).print(table.as_table(measured), markup=False)
    for file in measured:
        if file.cut:
            print(f"cut: {file.cut}", file=sys.stderr)
    for error in errors:
        print(f"error: {error}", file=sys.stderr)
    if errors:
        raise typer.Exit(2)


@app.command()
def verify(
    target: Annotated[
        str, typer.Argument(help="Folder of Parquet shards or of save_to_disk, with masks; or a preset.")
    ],
    num: Annotated[
        int | None, typer.Option(parser=_whole_number, help="Rows of the folder (all), or scenes of the preset (100).")
    ] = None,
    seed: Annotated[int, typer.Option(parser=_whole_number, help="Seed of all chance, with a preset.")] = 0,
    split: Annotated[str, typer.Option(help="train, validation or test, with a preset.")] = "train",
    texts_per_scene: Annotated[int, typer.Option(parser=_whole_number, help="Texts of each scene of a preset.")] = 1,
    config_file: ConfigFile = None,
    changes: Changes = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one line of JSON.")] = False,
) -> None:
    """Read every sentence again and compare it with the pixels; the exit code is 1 where one is not true."""
    from octa_svr_dataset.verification import command  # compiled kernels come with it
    from octa_svr_dataset.verification.verify import Tally

    rows, total = command.rows_to_verify(
        target,
        num=num,
        seed=require_whole_number("seed", seed, largest=LARGEST_SEED),
        split=split,
        texts_per_scene=texts_per_scene,
        config_file=config_file,
        overrides=parse_overrides(changes),
    )
    tally = Tally()
    for row in track(rows, description="Verifying", total=total, console=Console(stderr=True)):
        tally.add(row)
    print(command.as_json(tally) if as_json else command.as_text(tally))
    if tally.contradictions:
        raise typer.Exit(1)


@autoload_app.command("enable")
def enable_autoload() -> None:
    """Let `datasets` know octa_svr whenever it is imported, with this interpreter."""
    autoload.enable(autoload.site_folder())
    print(f"enabled in {autoload.site_folder()}; undo it with: octa-svr autoload disable")


@autoload_app.command("disable")
def disable_autoload() -> None:
    """Undo `enable`."""
    autoload.disable(autoload.site_folder())
    print(f"disabled in {autoload.site_folder()}")


@autoload_app.command("status")
def autoload_status() -> None:
    """Print enabled, disabled, or outdated."""
    print(f"{autoload.status(autoload.site_folder())} in {autoload.site_folder()}")


def parse_overrides(changes: list[str] | None) -> dict[str, Any]:
    """Settings of `--set KEY=VALUE`; the values are read as YAML."""
    overrides = {}
    for change in changes or []:
        key, equals, text = change.partition("=")
        if not (key and equals):
            raise InputError(f"--set: must be KEY=VALUE, got {change!r}")
        try:
            overrides[key] = yaml.safe_load(text)
        except yaml.YAMLError:
            raise InputError(f"--set: the value of {key} must be YAML, got {text!r}") from None
    return overrides


def _print_fit(appearance: "AppearanceFit") -> None:
    table = Table("setting", "default", "fitted", "known", box=None, pad_edge=False)
    for setting in appearance.settings:
        ends = [f"{low:.4g} to {high:.4g}" for low, high in (setting.default, setting.fitted)]
        table.add_row(setting.name, *ends, f"{100 * setting.known:.0f} %")
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(table)
    before, after = appearance.misfit_before, appearance.misfit_after
    console.print(
        f"Distance from the real pictures: {before:.2f} before, {after:.2f} after, on eyes that were not fitted"
    )


def _print_table(scene_config: SceneConfig) -> None:
    console = Console(width=None if sys.stdout.isatty() else 160)
    table = Table("setting", "value", "allowed", "meaning", box=None, pad_edge=False)
    table.columns[0].no_wrap = True
    for setting in settings(scene_config):
        table.add_row(setting.name, setting.value, setting.allowed, setting.meaning)
    console.print(table, markup=False)


if __name__ == "__main__":
    main()
