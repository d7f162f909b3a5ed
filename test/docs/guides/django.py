# Stands in for Django, of which the guide uses this much: requests are made here, and routes are called without it.
import json
import sys
from types import ModuleType, SimpleNamespace


class HttpResponse:
    def __init__(self, content="", content_type="text/html", status=200):
        self.content, self.content_type, self.status, self.cache = content, content_type, status, None


def never_cache(view):
    def uncached(request):
        response = view(request)
        response.cache = "no-store"
        return response

    return uncached


def module(name, **members):
    sys.modules[name] = ModuleType(name)
    vars(sys.modules[name]).update(members)


for name in ["django", "django.views", "django.views.decorators"]:
    module(name)
module("django.http", HttpResponse=HttpResponse)
module("django.views.decorators.cache", never_cache=never_cache)
module("django.urls", path=lambda route, view: (route, view))

from shop.pushes import order_shipped
from shop.urls import urlpatterns


def visit(route, user):
    return dict(urlpatterns)[route](SimpleNamespace(user=user))


ada = SimpleNamespace(is_authenticated=True, pk=7)
stranger = SimpleNamespace(is_authenticated=False)
token = visit("push-token", ada)
worker = visit("bellhop-sw.js", stranger)
order = SimpleNamespace(pk=42, user_id=7)
print(json.dumps({
    "stranger": visit("push-token", stranger).status,
    "token": token.content,
    "token_type": token.content_type,
    "cache": token.cache,
    "worker": worker.content,
    "worker_type": worker.content_type,
    "ids": [order_shipped(order)["id"], order_shipped(order)["id"]],
}))
