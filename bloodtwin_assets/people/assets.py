"""A personal model for each of many pumps: a partition each, beside the main line, which has none.

The asset is part of the graph only where people.pump_ids names pumps, so that selecting everything never asks for a
partition where there is none to choose.
"""

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import dagster as dg

from bloodtwin_assets.common.failures import failing_in_words
from bloodtwin_assets.common.identity import page_of
from bloodtwin_assets.executor import executor_is_here
from bloodtwin_assets.people.pages import person_page
from bloodtwin_assets.publishing.assets import published_model
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_core.records.glucose_units import GlucoseUnit

if TYPE_CHECKING:
    from bloodtwin_core.pipeline.people.many import People, Person

PEOPLE_GROUP = "people"
JOB = "personal_models"


def people_assets(pump_ids: Sequence[str]) -> list[dg.AssetsDefinition]:
    """The asset personal_model with a partition for each pump; nothing where no pump is named.

    On one machine all partitions of a backfill are one run, whose processes take one pump after the other: a process
    for each pump would import for longer than it trains. On Kubernetes each partition is a run, a Kubernetes job each.
    """
    if not pump_ids:
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        policy = dg.BackfillPolicy.single_run() if executor_is_here() else dg.BackfillPolicy.multi_run(1)
        return [_personal_model(dg.StaticPartitionsDefinition(list(dict.fromkeys(pump_ids))), policy)]


def _personal_model(pumps: dg.StaticPartitionsDefinition, policy: dg.BackfillPolicy) -> dg.AssetsDefinition:
    @dg.asset(
        group_name=PEOPLE_GROUP,
        kinds={"pytorch", "lightning"},
        deps=[published_model],
        partitions_def=pumps,
        backfill_policy=policy,
        output_required=False,
    )
    @failing_in_words
    def personal_model(
        context: dg.AssetExecutionContext, settings: SettingsResource, artifacts: ArtifactsResource
    ) -> None:
        """A copy of the published model, or of what `people.start_from` names, fine-tuned on one pump's own records.

        As in `personal_checkpoints`, a copy is kept only where its error on the pump's *validate* split is lower; it
        lies in `people/{pump}/`, with its verdict and a manifest. A pump that fails stops no other: the run fails at
        its end with the reasons, and *Materialize missing and failed* goes on with those. What stands already from the
        same records, base and settings is not made again.
        """
        _made(context, settings, artifacts).require_all()

    return personal_model


def _made(context: dg.AssetExecutionContext, settings: SettingsResource, artifacts: ArtifactsResource) -> "People":
    from bloodtwin_core.pipeline.people.many import people_stage

    store, unit = artifacts.unheld(settings), GlucoseUnit(settings.evaluation.unit)
    pump_ids, done = context.partition_keys, 0

    def tell(person: "Person") -> None:
        """Each pump is materialized as it comes to its end, so that a run broken off leaves the rest missing."""
        nonlocal done
        done += 1
        if person.outcome is None:
            context.log.error("pump %s: %s", person.pump_id, person.failure)
        else:
            page = page_of(settings, person_page(person.outcome, store.of_person(person.pump_id), unit))
            context.log_event(dg.AssetMaterialization(context.asset_key, metadata=page, partition=person.pump_id))
        context.log.info("pumps: %d of %d", done, len(pump_ids))

    return people_stage(store, settings.plain(), pump_ids, tell)
