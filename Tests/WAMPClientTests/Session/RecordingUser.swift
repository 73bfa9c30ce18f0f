import NIOCore
import WAMP

@testable import WAMPClient

/// Records what a connection and a router report to their users.
final class RecordingUser: ConnectionOwner, RouterDelegate {
    var session: Session?
    var fault: ConnectionFault?
    var endings = 0
    var opened: [SerializerID] = []
    var invocations: [Invocation] = []
    var interrupts: [Interrupt] = []
    var events: [Event] = []
    var revoked: [String] = []
    var observed: [RouterEvent] = []
    var log: [String] = []
    var onInvocation: (Invocation, Session) -> Void = { _, _ in }
    var onObserved: (RouterEvent) -> Void = { _ in }
    var onJoined: (Session) -> Void = { _ in }

    func connectionOpened(_ connection: Connection) {
        self.opened.append(connection.serializer.id)
    }

    func connectionJoined(_ connection: Connection, _ session: Session) {
        self.session = session
    }

    func connectionEnded(_ connection: Connection, _ session: Session?, _ fault: ConnectionFault) {
        self.fault = fault
        self.endings += 1
        self.log.append("ended")
    }

    func joined(_ session: Session) {
        self.session = session
        self.onJoined(session)
    }

    func left(_ session: Session, reason: SessionEnd) {
        self.session = nil
        self.fault = reason
        self.log.append("left")
    }

    func received(_ invocation: Invocation, in session: Session) {
        self.invocations.append(invocation)
        self.onInvocation(invocation, session)
    }

    func received(_ interrupt: Interrupt, in session: Session) {
        self.interrupts.append(interrupt)
    }

    func received(_ event: Event, in session: Session) {
        self.events.append(event)
    }

    func revoked(_ registration: RegistrationID, reason: String?, in session: Session) {
        self.revoked.append("registration \(registration) \(reason ?? "-")")
    }

    func revoked(_ subscription: SubscriptionID, reason: String?, in session: Session) {
        self.revoked.append("subscription \(subscription) \(reason ?? "-")")
    }

    func writabilityChanged(_ isWritable: Bool, in session: Session) {
        self.log.append("writable \(isWritable)")
    }

    func observed(_ event: RouterEvent) {
        self.observed.append(event)
        self.onObserved(event)
    }
}
