"""The services of official documents as requests ask for them."""

from __future__ import annotations

from pyramid.config import Configurator

from xinglin_documents.service.official import (
    archiving,
    desk,
    distributing,
    doing,
    numbers,
    receipts,
    registering,
    supervising,
)


def add_services(config: Configurator) -> None:
    """For `routes.includeme`."""
    config.add_service(archiving.ArchiveService, archiving.factory)
    config.add_service(desk.Desk, desk.factory)
    config.add_service(distributing.DistributionService, distributing.factory)
    config.add_service(doing.OperationService, doing.factory)
    config.add_service(numbers.NumberService, numbers.factory)
    config.add_service(receipts.ReceiptService, receipts.factory)
    config.add_service(registering.RegisterService, registering.factory)
    config.add_service(supervising.SupervisionService, supervising.factory)
