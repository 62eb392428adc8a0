"""The hospital's old OA: a SOAP server of its own, contract first, with its users, flows and moods."""
