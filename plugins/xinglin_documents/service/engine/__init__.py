"""The approval engine: a definition, a state, a command in; effects out. It knows no database and no person but by id.

    decision = decide(definition, state, command, facts)   # raises Refused with a sentence
    state = fold(state, decision.effects)                   # what a replay does, event by event

`effects` lists what can happen; each effect changes the state in its own way and is stored as JSON with its event.
"""
