import NIOCore
import Outbox
import Postgres
import WAMP
import WAMPClient

/// The gauges of the situation, and of the two sides. On the event loop.
struct SituationMetrics: Measured {
    let situation: CurrentSituation
    let control: Control
    let leadership: Leadership
    let pools: Pools
    let router: Router
    let pulse: Pulse?

    func measure(into exposition: inout Exposition) {
        let now = self.situation.now
        exposition.begin(.leader)
        if case .leader = now.leadership { exposition.add(1) } else { exposition.add(0) }
        exposition.begin(.routerConnected)
        exposition.add(now.session == nil ? 0 : 1)
        exposition.begin(.leaderStampAge)
        if let age = self.leadership.stampAge { exposition.add(Self.seconds(age)) }
        exposition.begin(.eventLoopDelay)
        if let pulse = self.pulse { exposition.add(Self.seconds(pulse.delay)) }
        exposition.begin(.routerRoundTrip)
        if let time = self.router.roundTrip { exposition.add(Self.seconds(time)) }
        exposition.begin(.routerUnsent)
        exposition.add(self.router.unsentOctets)
        exposition.begin(.routerReceived)
        exposition.add(self.router.receivedOctets)
        exposition.begin(.routerSent)
        exposition.add(self.router.sentOctets)
        exposition.begin(.routerMessages)
        for kind in MessageKind.allCases {
            let type = kind.name.lowercased()
            let (received, sent) = (self.router.received(kind), self.router.sent(kind))
            if let received { exposition.add(received, "received", type) }
            if let sent { exposition.add(sent, "sent", type) }
        }
        exposition.begin(.databaseConnected)
        let parts: [(ConnectionSettings.Part, Bool)] = [
            (.calls, self.pools.own.isAvailable), (.guests, self.pools.guests.pool.isAvailable),
            (.control, self.control.isConnected), (.listener, now.isListening), (.leader, self.leadership.isConnected),
        ]
        for (part, isConnected) in parts { exposition.add(isConnected ? 1 : 0, part.rawValue) }
    }

    private static func seconds(_ time: TimeAmount) -> Double { Double(time.nanoseconds) / 1e9 }
}
