"""Official documents and approval: one inbox over all sources, our own engine, numbers and red heads, the hospital's OA."""
