import TestChecks
import Testing

@testable import Sidecar

@Suite("The service manager's environment")
struct ServiceManagerSettingsTests {
    private static func settings(_ environment: [String: String]) -> ServiceManagerSettings? {
        ServiceManagerSettings(environment: environment, process: 42)
    }

    @Test("without a socket nobody waits for reports")
    func nobody() {
        check(Self.settings([:]), nil)
        check(Self.settings(["NOTIFY_SOCKET": "", "WATCHDOG_USEC": "1000"]), nil)
        check(Self.settings(["NOTIFY_SOCKET": "/run/notify"])?.address, "/run/notify")
        check(Self.settings(["NOTIFY_SOCKET": "/run/notify"])?.watchdog, nil)
    }

    @Test(
        "the watchdog's time is a positive number, and may be meant for another process",
        arguments: [
            ("30000000", nil, 30_000_000), ("30000000", "42", 30_000_000), ("30000000", "43", nil), ("0", nil, nil),
            ("9223372036854775807", nil, 86_400_000_000),
            ("-1", nil, nil), ("soon", nil, nil), ("99999999999999999999", nil, nil),
        ] as [(String, String?, Int64?)])
    func watchdog(time: String, process: String?, expected: Int64?) {
        var environment = ["NOTIFY_SOCKET": "@notify", "WATCHDOG_USEC": time]
        environment["WATCHDOG_PID"] = process
        check(Self.settings(environment)?.watchdog, expected)
    }

    @Test(
        "the name of a socket that can't be one is refused",
        arguments: ["", "/", "@", "notify", "vsock:2:1234", "/" + String(repeating: "x", count: 107)])
    func impossible(name: String) {
        #expect(throws: ServiceManagerError.self) { try ServiceManagerSocket(name) }
    }

    @Test("names of the greatest length")
    func longest() throws {
        for name in ["/" + String(repeating: "x", count: 106), "@" + String(repeating: "x", count: 107)] {
            let socket = try ServiceManagerSocket(name)
            #expect(throws: ServiceManagerError.self) { try socket.send("READY=1") }
        }
    }
}
