"""Modals and the app's home: the views.* methods and the triggers they spend."""

from collections.abc import Callable, Mapping

from frontdesk.sandbox.slack.blocks import checked_view
from frontdesk.sandbox.slack.call import ApiError, Call
from frontdesk.sandbox.slack.values import Json, View

DEEPEST_STACK = 3


def open_view(call: Call) -> Json:
    body = _new_view(call)
    user = _spend_trigger(call)
    workspace = call.workspace
    workspace.drop_views(user, workspace.views.get(user, []))
    return _answer(call, workspace.open_view(user, body))


def push(call: Call) -> Json:
    body = _new_view(call)
    user = _spend_trigger(call)
    stack = call.workspace.views.get(user, [])
    if not stack:
        raise ApiError("not_found")
    if len(stack) >= DEEPEST_STACK:
        raise ApiError("push_limit_reached")
    return _answer(call, call.workspace.open_view(user, body))


def update(call: Call) -> Json:
    body = checked_view(call.args["view"], types=("modal", "home"))
    view = _named(call)
    if call.args.get("hash") and call.args["hash"] != view.hash:
        raise ApiError("hash_conflict")
    return _answer(call, call.workspace.update_view(view, body))


def publish(call: Call) -> Json:
    body = checked_view(call.args["view"], types=("home",))
    user = call.args["user_id"]
    if user not in call.workspace.people:
        raise ApiError("invalid_arguments", "[ERROR] user_id")
    old = call.workspace.home.get(user)
    if call.args.get("hash") and old and call.args["hash"] != old.hash:
        raise ApiError("hash_conflict")
    return _answer(call, call.workspace.publish_home(user, body))


def _answer(call: Call, view: View) -> Json:
    return {"view": call.workspace.view_wire(view)}


def _new_view(call: Call) -> Json:
    body = checked_view(call.args["view"], types=("modal",))
    external_id = body.get("external_id")
    if external_id and _with_external_id(call, external_id):
        raise ApiError("duplicate_external_id")
    return body


def _named(call: Call) -> View:
    if call.args.get("view_id"):
        view = call.workspace.view(call.args["view_id"])
    elif call.args.get("external_id"):
        view = _with_external_id(call, call.args["external_id"])
    else:
        raise ApiError("invalid_arguments", "[ERROR] view_id or external_id is required")
    if view is None:
        raise ApiError("not_found")
    return view


def _with_external_id(call: Call, external_id: str) -> View | None:
    stacks = call.workspace.views.values()
    return next((view for stack in stacks for view in stack if view.body.get("external_id") == external_id), None)


def _spend_trigger(call: Call) -> str:
    """The person whom this trigger allows to show something; a trigger works once and for three seconds."""
    triggers = call.workspace.triggers
    given = call.args.get("trigger_id")
    if given not in triggers:
        raise ApiError("invalid_trigger_id")
    trigger = triggers[given]
    if trigger is None:
        raise ApiError("exchanged_trigger_id")
    if trigger.good_until < call.workspace.clock.now():
        raise ApiError("expired_trigger_id")
    triggers[given] = None
    return trigger.user


METHODS: Mapping[str, Callable[[Call], Json]] = {
    "views.open": open_view,
    "views.push": push,
    "views.update": update,
    "views.publish": publish,
}
