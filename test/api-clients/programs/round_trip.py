import io
import json
import os

from bellhop_client import AuthenticatedClient
from bellhop_client.api.notifications import get_notification, send_many_notifications, send_notification
from bellhop_client.api.subscriptions import list_subscriptions, register_subscription
from bellhop_client.models import (
    AcceptedNotification,
    BulkNotificationResult,
    NotificationInput,
    NotificationWithCounts,
    Problem,
    Subscription,
    SubscriptionInput,
    SubscriptionInputKeys,
    SubscriptionPage,
)
from bellhop_client.types import File

client = AuthenticatedClient(base_url=os.environ["BELLHOP"], token=os.environ["SECRET"])

keys = SubscriptionInputKeys.from_dict(json.loads(os.environ["KEYS"]))
browser = SubscriptionInput(user_id="py", endpoint="https://push.example.net/py", keys=keys)
subscription = register_subscription.sync(client=client, body=browser)
assert isinstance(subscription, Subscription), subscription
print(subscription.user_id, subscription.active)

order = NotificationInput(type_="order.shipped", user_ids=["py"], title="On its way")
sent = send_notification.sync(client=client, body=order, idempotency_key="py")
assert isinstance(sent, AcceptedNotification), sent
read = get_notification.sync(sent.id, client=client)
assert isinstance(read, NotificationWithCounts), read
print(read.title, read.priority, read.counts.total >= 0)

line = {**order.to_dict(), "idempotency_key": "py-line"}
many = send_many_notifications.sync_detailed(client=client, body=File(io.BytesIO(json.dumps(line).encode())))
result = BulkNotificationResult.from_dict(json.loads(many.content))
print(result.line, result.status)

problem = get_notification.sync("ntf_none", client=client)
assert isinstance(problem, Problem), problem
print(problem.status, problem.code)

page = list_subscriptions.sync(client=client, user_id="py", limit=1)
assert isinstance(page, SubscriptionPage), page
print(len(page.items), page.next_cursor)
