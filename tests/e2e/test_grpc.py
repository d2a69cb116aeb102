"""A gRPC client and server of the package `grpcio`, all four kinds of call, through the tunnel by h2c."""

import concurrent.futures
import unittest

import grpc

from world import World

PATIENCE_S = 20


class Echo(grpc.GenericRpcHandler):
    """Echoes bytes; no schema is needed for that."""

    def service(self, details):
        name = details.method.rsplit("/", 1)[1]
        return {
            "Unary": grpc.unary_unary_rpc_method_handler(lambda request, context: request),
            "Join": grpc.stream_unary_rpc_method_handler(lambda requests, context: b"".join(requests)),
            "Split": grpc.unary_stream_rpc_method_handler(
                lambda request, context: (bytes([byte]) for byte in request)
            ),
            "Chat": grpc.stream_stream_rpc_method_handler(lambda requests, context: requests),
            "Fail": grpc.unary_unary_rpc_method_handler(self.fail),
        }.get(name)

    @staticmethod
    def fail(_request, context):
        """Answers with a status, a message and trailing metadata."""
        context.set_trailing_metadata((("x-why", "because"),))
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, "not today: 5 %")


class Grpc(unittest.TestCase):
    """Heads, messages both ways, and a status in trailers."""

    @classmethod
    def setUpClass(cls):
        cls.server = grpc.server(concurrent.futures.ThreadPoolExecutor(8))
        cls.server.add_generic_rpc_handlers((Echo(),))
        port = cls.server.add_insecure_port("127.0.0.1:0")
        cls.server.start()
        cls.world = World([("grpc.example.test", port, "h2c")])
        options = (("grpc.default_authority", "grpc.example.test"), ("grpc.enable_http_proxy", 0))
        cls.channel = grpc.insecure_channel(f"127.0.0.1:{cls.world.port}", options)

    @classmethod
    def tearDownClass(cls):
        cls.channel.close()
        cls.world.close()
        cls.server.stop(0)

    def test_unary(self):
        call = self.channel.unary_unary("/test.Echo/Unary")
        for size in (0, 1, 100_000, 3_000_000):
            self.assertEqual(call(b"x" * size, timeout=PATIENCE_S), b"x" * size)

    def test_client_streaming(self):
        call = self.channel.stream_unary("/test.Echo/Join")
        self.assertEqual(call(iter([b"a", b"b", b"c"]), timeout=PATIENCE_S), b"abc")

    def test_server_streaming(self):
        call = self.channel.unary_stream("/test.Echo/Split")
        self.assertEqual(list(call(b"abc", timeout=PATIENCE_S)), [b"a", b"b", b"c"])

    def test_both_ways_one_at_a_time(self):
        call = self.channel.stream_stream("/test.Echo/Chat")
        sent = concurrent.futures.Future()

        def requests():
            yield b"first"
            # The second goes out only after the first has come back.
            yield sent.result(PATIENCE_S)

        answers = call(requests(), timeout=PATIENCE_S)
        self.assertEqual(next(answers), b"first")
        sent.set_result(b"second")
        self.assertEqual(next(answers), b"second")
        self.assertEqual(list(answers), [])

    def test_status_and_trailing_metadata_pass(self):
        call = self.channel.unary_unary("/test.Echo/Fail")
        with self.assertRaises(grpc.RpcError) as caught:
            call(b"", timeout=PATIENCE_S)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.FAILED_PRECONDITION)
        self.assertEqual(caught.exception.details(), "not today: 5 %")
        self.assertIn(("x-why", "because"), caught.exception.trailing_metadata())

    def test_unknown_host_is_a_grpc_status(self):
        options = (("grpc.default_authority", "nobody.example.test"), ("grpc.enable_http_proxy", 0))
        with grpc.insecure_channel(f"127.0.0.1:{self.world.port}", options) as channel:
            with self.assertRaises(grpc.RpcError) as caught:
                channel.unary_unary("/test.Echo/Unary")(b"", timeout=PATIENCE_S)
        self.assertEqual(caught.exception.code(), grpc.StatusCode.UNIMPLEMENTED)


if __name__ == "__main__":
    unittest.main()
