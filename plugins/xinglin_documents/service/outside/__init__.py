"""Documents of the OA behind, as a person sees them: lists mirrored, acts done once, files checked."""
