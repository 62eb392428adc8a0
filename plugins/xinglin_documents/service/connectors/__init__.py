"""The OA behind: one port, its connectors, and what keeps an OA that is down from taking the portal with it."""
