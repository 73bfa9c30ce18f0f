import CallPort
import NIOCore
import Names
import Outbox
import Testing
import WAMP

@testable import Sidecar

@Suite("What is counted")
struct MetricsTests {
    private static func lines(_ metrics: Metrics, _ name: String) -> [String] {
        String(buffer: metrics.text(.prometheus)).split(separator: "\n").map(String.init)
            .filter { $0.hasPrefix("wamp_sidecar_\(name)") }
    }

    @Test("each counter is there before its first event")
    func zeros() {
        let metrics = Metrics(version: "1.2.3")
        #expect(Self.lines(metrics, "build_info") == [#"wamp_sidecar_build_info{version="1.2.3"} 1"#])
        #expect(Self.lines(metrics, "router_sessions_total") == ["wamp_sidecar_router_sessions_total 0"])
        #expect(
            Self.lines(metrics, "router_losses_total").contains { $0.hasSuffix(#"{reason="protocol_violation"} 0"#) })
        #expect(Self.lines(metrics, "dead_letters_added_total").count == 2)
    }

    @Test("what is observed is counted")
    func observations() {
        let metrics = Metrics(version: "1")
        metrics.record(.outbox(.leading))
        metrics.record(.outbox(.deadLetter(topic: "a", event: 1, reason: "no")))
        metrics.record(.outbox(.eventsPublishedTwice(atLeast: 3)))
        metrics.record(.callPort(.tooManySessions(limit: 5)))
        #expect(Self.lines(metrics, "leader_changes_total") == ["wamp_sidecar_leader_changes_total 1"])
        #expect(Self.lines(metrics, "outbox_repeated_total") == ["wamp_sidecar_outbox_repeated_total 3"])
        #expect(Self.lines(metrics, "dead_letters_added_total").contains { $0.hasSuffix(#"{kind="publish"} 1"#) })
        #expect(Self.lines(metrics, "caller_refused_total").contains { $0.hasSuffix(#"{reason="sessions"} 1"#) })
    }

    @Test("how often the configuration was read, and what became of it")
    func reloads() {
        let metrics = Metrics(version: "1")
        #expect(
            Self.lines(metrics, "config_last_reload_successful") == ["wamp_sidecar_config_last_reload_successful 1"])
        metrics.record(.reloadRefused([]))
        #expect(
            Self.lines(metrics, "config_last_reload_successful") == ["wamp_sidecar_config_last_reload_successful 0"])
        #expect(
            Self.lines(metrics, "config_reloads_total") == [
                #"wamp_sidecar_config_reloads_total{result="ok"} 0"#,
                #"wamp_sidecar_config_reloads_total{result="refused"} 1"#,
            ])
    }

    @Test("a call's result is what its caller sees")
    func results() throws {
        #expect(CallResultKind(error: WAMPError.timeout) == .timeout)
        #expect(CallResultKind(error: WAMPError.payloadSizeExceeded) == .tooLarge)
        #expect(CallResultKind(error: try URI("com.example.error")) == .error)
        let slot = ProcedureSlot(label: "a")
        for kind in CallResultKind.allCases { slot.callEnded(kind, after: .zero) }
        #expect(CallResultKind.allCases.map(slot.ended) == CallResultKind.allCases.map { _ in 1 })
    }

    @Test("each reason is counted by itself")
    func reasons() {
        let (events, notifications) = (SubscriptionSlot(label: "a"), ChannelSlot(label: "a"))
        for reason in EventLoss.allCases { events.eventLost(reason) }
        #expect(EventLoss.allCases.map(events.lost) == EventLoss.allCases.map { _ in 1 })
        for reason in NotificationLoss.allCases { notifications.notificationDropped(reason) }
        #expect(NotificationLoss.allCases.map(notifications.dropped) == NotificationLoss.allCases.map { _ in 1 })
        #expect(notifications.ended == NotificationLoss.allCases.count)
    }
}
