import Functions
import NIOCore
import Names
import SidecarConfiguration
import WAMP
import WAMPClient

/// Leaves an event with the router that it publishes when the session is gone (advanced profile, "Testaments"), so that
/// others learn of its end in any case: killed, cut off, or stopped in order. On the event loop.
///
/// Routers forget a testament with its session, so each session leaves its own, before anything else. Crossbar.io and
/// nexus publish it after a GOODBYE as well. It is a convenience: if the router does not keep it, the sidecar works
/// without.
final class Testament {
    /// How long the router may take to confirm it.
    private static let timeout = TimeAmount.seconds(10)

    private let topic: String
    private let place: String
    private let payload: Payload
    private let observer: (Observation) -> Void
    private let changed: () -> Void
    /// Why the router does not keep it; nil if it does, or has not answered.
    private var refusal: String?

    /// - Parameters:
    ///   - place: its place in the file: `sidecar.yaml:4:3`.
    ///   - changed: called whenever ``complaint`` may have changed.
    init(
        _ settings: TestamentSettings, place: String, observer: @escaping (Observation) -> Void,
        changed: @escaping () -> Void
    ) {
        self.changed = changed
        self.topic = settings.topic.value.text
        self.place = place
        self.observer = observer
        var arguments = ByteBuffer(string: "[")
        JSON.write(string: settings.topic.value.text, into: &arguments)
        arguments.writeStaticString(",")
        JSON.write(settings.arguments, into: &arguments)
        arguments.writeStaticString(",")
        JSON.write(settings.keywordArguments, into: &arguments)
        arguments.writeStaticString("]")
        self.payload = Payload(arguments: arguments, keywordArguments: ByteBuffer(string: #"{"scope":"destroyed"}"#))
    }

    /// The complaint; nil if there is none.
    var complaint: Complaint? {
        self.refusal.map { Complaint(name: "testament '\(self.topic)'", reason: "the router does not keep it: \($0)") }
    }

    /// A new session.
    func joined(_ session: Session) {
        guard session.routerAnnounces("testament_meta_api", role: .dealer),
            let procedure = try? URI("wamp.session.add_testament")
        else { return self.notLeft("the router does not announce testament_meta_api") }
        var payload = self.payload
        do throws(JSONError) {
            try payload.prepareForRouter()
        } catch {
            return self.notLeft("routers can't read its arguments: \(error)")
        }
        session.call(procedure, payload: payload, timeout: Self.timeout) { result in
            switch result {
            case .success:
                self.refusal = nil
                self.observer(.testamentLeft(topic: self.topic))
                self.changed()
            // There will be another session, and the loss of this one is reported.
            case .failure(let error) where error.code == .sessionClosed: break
            case .failure(let error): self.notLeft(error.message)
            }
        }
    }

    private func notLeft(_ reason: String) {
        self.refusal = reason
        self.observer(.testamentNotLeft(topic: self.topic, place: self.place, reason: reason))
        self.changed()
    }
}
