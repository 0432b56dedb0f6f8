"""A service on Django Channels as its tutorial makes it: a page sends to its group, and the group to its pages.

Daphne serves it: python3 -m daphne service:application. REDIS_URL says where Redis is, CHANNEL_LAYER which layer carries the
groups, by the name of its class.
"""

import os

import django
from django.conf import settings

settings.configure(
    CHANNEL_LAYERS={
        "default": {
            "BACKEND": os.environ["CHANNEL_LAYER"],
            "CONFIG": {"hosts": [os.environ["REDIS_URL"]]},
        },
    },
)
django.setup()

from channels.generic.websocket import AsyncWebsocketConsumer  # noqa: E402: wants the settings
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.urls import path  # noqa: E402


class RoomConsumer(AsyncWebsocketConsumer):
    """One page in a room."""

    async def connect(self):
        self.group = "room_" + self.scope["url_route"]["kwargs"]["name"]
        await self.channel_layer.group_add(self.group, self.channel_name)
        await self.accept()

    async def disconnect(self, code):
        await self.channel_layer.group_discard(self.group, self.channel_name)

    async def receive(self, text_data=None, bytes_data=None):
        await self.channel_layer.group_send(self.group, {"type": "room.message", "text": text_data})

    async def room_message(self, event):
        await self.send(text_data=event["text"])


async def healthz(scope, receive, send):
    """Answers every plain request: the process is there."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


application = ProtocolTypeRouter(
    {
        "http": healthz,
        "websocket": URLRouter([path("room/<str:name>", RoomConsumer.as_asgi())]),
    }
)
