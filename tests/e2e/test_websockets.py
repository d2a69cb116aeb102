"""A WebSocket client and server of the package `websockets`, with compression, through the tunnel."""

import socket
import threading
import unittest

from websockets.sync.client import connect
from websockets.sync.server import serve

from world import World


def answer(connection):
    """Echoes until the visitor closes."""
    for message in connection:
        if message == "close":
            connection.close(4321, "as you wish")
            return
        connection.send(message)


class WebSockets(unittest.TestCase):
    """What a browser would do, by another implementation."""

    @classmethod
    def setUpClass(cls):
        cls.server = serve(answer, "127.0.0.1", 0, subprotocols=["chat"], max_size=None)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        port = cls.server.socket.getsockname()[1]
        cls.world = World([("chat.example.test", port, "auto")])

    @classmethod
    def tearDownClass(cls):
        cls.world.close()
        cls.server.shutdown()

    def connect(self):
        """A client at the Gateway that asks for the mapped host."""
        return connect(
            "ws://chat.example.test/room?x=1",
            sock=socket.create_connection(("127.0.0.1", self.world.port)),
            subprotocols=["chat"],
            max_size=None,
            proxy=None,
        )

    def test_messages_of_all_sizes_come_back(self):
        with self.connect() as client:
            self.assertEqual(client.subprotocol, "chat")
            for size in (0, 1, 125, 126, 65_535, 65_536, 2_000_000):
                client.send(b"x" * size)
                self.assertEqual(client.recv(), b"x" * size)
            client.send("text, ünïcode")
            self.assertEqual(client.recv(), "text, ünïcode")

    def test_compression_is_agreed_between_the_two_ends(self):
        with self.connect() as client:
            names = [extension.name for extension in client.protocol.extensions]
            self.assertEqual(names, ["permessage-deflate"])

    def test_pings_and_close_codes_pass(self):
        with self.connect() as client:
            self.assertTrue(client.ping().wait(20))
            client.send("close")
            with self.assertRaises(Exception):
                client.recv()
            self.assertEqual((client.close_code, client.close_reason), (4321, "as you wish"))


if __name__ == "__main__":
    unittest.main()
