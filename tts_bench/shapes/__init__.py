"""The embedded world: a grammar of scenes, a renderer, an exact checker, and small networks trained on them."""
