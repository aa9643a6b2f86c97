"""The command `octa-svr build`."""

from pathlib import Path
from typing import Annotated

import typer

from octa_svr_dataset.command import parse_overrides, whole_number
from octa_svr_dataset.errors import InputError
from octa_svr_dataset.resolve import preset_names

TAKEN = {
    ("check", "ids"): (),
    ("check",): ("workers",),
    ("finish",): (),
    ("ids",): ("config_file", "changes", "include_masks", "include_graph"),
}
"""What takes no part in a build: the options that it takes, beside the preset and the folder."""


def build(
    context: typer.Context,
    preset: Annotated[str, typer.Argument(help="Name of a preset, such as dropout_ma.")],
    out: Annotated[str, typer.Option(help="Folder, or URL of fsspec; the files go into its subfolder PRESET.")],
    num_train: Annotated[
        int | None, typer.Option(parser=whole_number, help="Rows of the training split [default: as load_dataset].")
    ] = None,
    num_validation: Annotated[int, typer.Option(parser=whole_number, help="Rows of the validation split.")] = 100,
    num_test: Annotated[int, typer.Option(parser=whole_number, help="Rows of the test split.")] = 100,
    seed: Annotated[int, typer.Option(parser=whole_number, help="Seed of all chance.")] = 0,
    config_file: Annotated[Path | None, typer.Option(help="YAML file with settings that differ.")] = None,
    changes: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="A setting; may be given again.")
    ] = None,
    include_masks: Annotated[bool, typer.Option("--include-masks", help="Add the pixel layers to the rows.")] = False,
    include_graph: Annotated[bool, typer.Option("--include-graph", help="Add the vessel graph to the rows.")] = False,
    rows_per_shard: Annotated[
        int | None, typer.Option(parser=whole_number, help="Rows of a file [default: by the number of rows].")
    ] = None,
    workers: Annotated[int, typer.Option(parser=whole_number, help="Processes; -1 for one a core.")] = 1,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Remove a build of other settings first.")] = False,
    only: Annotated[
        str | None,
        typer.Option(help="graphs: grow the eyes and store them. appearance, text: make that alone anew, see --from."),
    ] = None,
    source: Annotated[
        str | None, typer.Option("--from", help="What --only appearance (graphs) or text (examples) starts from.")
    ] = None,
    shard_index: Annotated[
        int | None, typer.Option(parser=whole_number, help="Of --num-shards jobs, which one this is, from 0.")
    ] = None,
    num_shards: Annotated[
        int | None, typer.Option(parser=whole_number, help="Number of jobs that share the work; the last one finishes.")
    ] = None,
    finish: Annotated[bool, typer.Option("--finish", help="Only write the manifest, if all is there.")] = False,
    engine: Annotated[str, typer.Option(help="processes, or ray.")] = "processes",
    address: Annotated[str | None, typer.Option(help="Address of a Ray cluster [default: this machine].")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Make nothing; read all of OUT again. Exit code 1 where it is not as made.")
    ] = False,
    ids: Annotated[
        Path | None, typer.Option(help="File of ids; make these rows alone, or with --check compare them with OUT.")
    ] = None,
) -> None:
    """Build a dataset as Parquet files; what a killed build has finished is kept when it is run again."""
    from octa_svr_dataset.publishing import building, reading  # compiled kernels come with it

    _refuse_without_effect(context)
    if preset not in preset_names():
        raise InputError(f"preset: unknown name {preset!r}; allowed: {', '.join(preset_names())}")
    if check:
        found = reading.check_rows(preset, out, ids) if ids else reading.check_folder(preset, out, workers)
        if found:
            raise typer.Exit(1)
        return
    if finish:
        building.finish(preset, out)
        return
    overrides = parse_overrides(changes)
    if ids:
        reading.make_rows(
            preset,
            out,
            ids,
            config_file=config_file,
            overrides=overrides,
            include_masks=include_masks,
            include_graph=include_graph,
        )
        return
    plan = building.plan_of_options(
        preset,
        seed=seed,
        num_train=num_train,
        num_validation=num_validation,
        num_test=num_test,
        include_masks=include_masks,
        include_graph=include_graph,
        config_file=config_file,
        overrides=overrides,
        rows_per_shard=rows_per_shard,
        content="graphs" if only == "graphs" else "examples",
    )
    building.run(
        plan,
        out,
        source=building.source_of(only, source, out, plan),
        part=building.part_of(shard_index, num_shards),
        engine=building.engine_of(engine, workers, address),
        overwrite=overwrite,
    )


def _refuse_without_effect(context: typer.Context) -> None:
    """Refuse an option that what else is asked for does not take."""
    given = {name for name in context.params if str(context.get_parameter_source(name)).endswith("COMMANDLINE")}
    for mode, taken in TAKEN.items():
        if given.issuperset(mode):
            for name in sorted(given - {"preset", "out", *mode, *taken}):
                option = {"changes": "set", "source": "from"}.get(name, name.replace("_", "-"))
                raise InputError(f"--{option}: has no effect with --{' --'.join(mode)}; allowed: without it")
            return
