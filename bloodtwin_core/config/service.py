"""The live service, `bloodtwin serve`."""

from pydantic import Field

from bloodtwin_core.config.group import SettingsGroup


class FeedSettings(SettingsGroup):
    """Where the service itself gets a wearer's events: a source, as data.source, asked again and again."""

    wearer: str = Field(description="The wearer, by name.")
    source: str = Field(description="As data.source: nightscout, dexcom_share, librelinkup, tandem or events.")
    root: str = Field(default="", description="Folder of growing files; of a cloud empty, or where it is kept.")
    address: str = Field(default="", description="Address of a site, without a token.")
    pump_ids: list[str] = Field(default=[], description="Pumps of the wearer; empty if the source knows only theirs.")
    settings: list[str] = Field(
        default=[], description="Settings of the group data, such as nightscout.time_zone=Europe/Berlin."
    )
    every_seconds: float = Field(default=60.0, ge=10.0, le=86_400.0, description="How often (s) to ask.")
    writes_forecast: bool = Field(
        default=False, description="Write each forecast to the Nightscout site, as Loop would; needs a secret."
    )


class ServiceSettings(SettingsGroup):
    """The live service, `bloodtwin serve`; the asset latest_forecasts takes its store and model too."""

    store: str = Field(default="bloodtwin_live", description="Folder of the service's database; for its owner alone.")
    model_path: str = Field(
        default="",
        description="model.onnx, the folder of a model, or one of published versions; empty takes the base model.",
    )
    address: str = Field(default="127.0.0.1", description="Address to listen at; any but this machine's needs tokens.")
    port: int = Field(default=8484, ge=1, le=65_535, description="Port to listen at.")
    certificate: str = Field(default="", description="File of the TLS certificate (PEM); empty speaks plain HTTP.")
    certificate_key: str = Field(default="", description="File of its key.")
    hosts: list[str] = Field(
        default=[], description="Names under which it may be asked besides the address, such as glucose.example."
    )
    tokens_always: bool = Field(
        default=False, description="Need a token on this machine's own address too, as behind a proxy."
    )
    survives_power_cut: bool = Field(
        default=True, description="Wait for the disk before a reading is acknowledged; false survives a kill alone."
    )
    keep_days: int = Field(default=90, ge=4, le=36_500, description="Days for which readings and forecasts are kept.")
    oldest_days: int = Field(default=8, ge=1, le=3_650, description="Days back from now that an event may lie.")
    clock_tolerance_minutes: float = Field(
        default=5.0, ge=0.0, le=60.0, description="How far (min) an event may lie ahead of this machine's clock."
    )
    feeds: list[FeedSettings] = Field(default=[], description="Where it gets events itself.")
    night_tolerance: float = Field(
        default=0.5, gt=0.0, le=50.0, description="Largest difference in MAE (mg/dL) of live and batch that agrees."
    )
    most_body_kib: int = Field(default=1024, ge=16, le=65_536, description="Largest body of a request (KiB).")
    slowest_body_seconds: float = Field(
        default=10.0, gt=0.0, le=600.0, description="Time (s) in which a request must have come in whole."
    )
    most_requests_a_minute: int = Field(
        default=240, ge=1, le=1_000_000, description="Requests a minute of one token, or of one address without."
    )
    most_connections: int = Field(default=256, ge=4, le=65_536, description="Connections at once.")
