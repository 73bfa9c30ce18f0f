import Functions
import NIOCore
import Names
import Postgres
import SidecarConfiguration
import WAMP
import WAMPClient

/// Relays notifications of the database: as events, or as calls whose results go back to the database. On the event
/// loop.
///
/// NOTIFY is delivered at most once, and so are these: a notification that can't be relayed is counted and logged, not
/// kept.
final class NotificationRelay {
    private enum Action {
        case publish(TopicTemplate, PublishOptions)
        case call(URI, timeout: TimeAmount, result: ResultFunction?)
    }

    private final class Route {
        let channel: String
        /// The origin of its notifications.
        let origin: Origin
        private(set) var place: String
        let action: Action
        /// Where its notifications are counted.
        let slot: ChannelSlot

        init(channel: String, place: String, action: Action, slot: ChannelSlot) {
            self.slot = slot
            self.channel = channel
            self.origin = Origin(.channel, channel)
            self.place = place
            self.action = action
        }

        /// It is mapped at another place.
        func move(to mapping: NotificationMapping, in configuration: Configuration) {
            self.place = configuration.place(mapping.location)
            guard case .call(_, let result?, _) = mapping.action, case .call(_, _, let function?) = self.action else {
                return
            }
            function.move(to: configuration.place(result.location))
        }

        /// Nothing more comes of it than what has come.
        func end() {
            if case .call(_, _, let function?) = self.action { function.end() }
        }
    }

    private var routes: [ExactText: Route] = [:]
    /// What becomes of the notifications of a mapping.
    private let action: (_ mapping: NotificationMapping, _ configuration: Configuration, _ isAwaited: Bool) -> Action
    private let passage: Passage
    let slots: SlotTable<ChannelSlot>
    private let observer: (Observation) -> Void
    private let mandate: Mandate
    private var session: Session?
    /// Whether notifications are relayed here.
    private var acting = Acting.undecided
    /// Notifications that have come while that is not known.
    private var waiting = NotificationQueue<Route>()
    /// Notifications for this sidecar that the router does not accept yet.
    private var unsent = NotificationQueue<Route>()
    /// So much memory may all that wait take. Any role may send as many as it likes: more than this would end the
    /// session that all share.
    private static let mostOctets = 48 << 20

    /// - Parameters:
    ///   - definitions: looks up the functions for results.
    ///   - mandate: whether this sidecar may still relay what comes.
    ///   - slots: where notifications are counted.
    init(
        configuration: Configuration, pool: Pool, definitions: Definitions, settings: CallSettings,
        budget: RouterBudget, passage: Passage, mandate: Mandate, slots: SlotTable<ChannelSlot>,
        observer: @escaping (Observation) -> Void
    ) {
        self.action = { mapping, configuration, isAwaited in
            Self.action(mapping) { reference, location in
                ResultFunction(
                    reference, channel: mapping.channel, place: configuration.place(location), pool: pool,
                    definitions: definitions, isAwaited: isAwaited, settings: settings, budget: budget,
                    observer: observer)
            }
        }
        self.passage = passage
        self.mandate = mandate
        self.slots = slots
        self.observer = observer
        for mapping in configuration.notifications { self.add(mapping, of: configuration, isAwaited: true) }
    }

    /// The file was read again. What has come is relayed as it would have been.
    func take(_ configuration: Configuration, _ change: EntryChanges<NotificationMapping>) {
        for mapping in change.removed + change.changed { self.routes.removeValue(forKey: mapping.key)?.end() }
        for mapping in change.changed + change.added { self.add(mapping, of: configuration, isAwaited: false) }
        for mapping in change.moved { self.routes[mapping.key]?.move(to: mapping, in: configuration) }
    }

    private func add(_ mapping: NotificationMapping, of configuration: Configuration, isAwaited: Bool) {
        self.routes[mapping.key] = Route(
            channel: mapping.channel, place: configuration.place(mapping.location),
            action: self.action(mapping, configuration, isAwaited), slot: self.slots.slot(mapping.channel))
    }

    /// The channels to listen to.
    var channels: [String] { self.routes.keys.map(\.text).sorted() }

    func joined(_ session: Session) {
        self.session = session
    }

    func left() {
        self.session = nil
        while let (route, _) = self.unsent.popFirst() { self.drop(route, .noSession) }
    }

    /// The router accepts output again.
    func writable() {
        while self.session?.isWritable == true, let (route, payload) = self.unsent.popFirst() {
            self.relay(payload, along: route)
        }
    }

    /// A notification has come. The bytes are valid only during the call.
    func received(channel: String, payload: UnsafeRawBufferPointer) {
        guard let route = self.routes[ExactText(channel)] else { return }
        self.mandate.check(at: .now())
        switch self.acting {
        case .here:
            route.slot.notificationCame()
            self.take(ByteBuffer(bytes: payload), of: route)
        case .suspended, .deposed:
            route.slot.notificationCame()
            let most = Self.mostOctets - self.unsent.octets
            if !self.waiting.append(ByteBuffer(bytes: payload), of: route, most: most) {
                self.drop(route, .notLeading)
            }
        case .elsewhere, .undecided: break
        }
    }

    /// Begins to relay, or ends. The fate of suspended notifications is then known.
    func act(_ acting: Acting) {
        self.acting = acting
        guard acting == .here else { return }
        while let (route, payload) = self.waiting.popFirst() { self.take(payload, of: route) }
    }

    /// Another sidecar relays the notifications that came while suspended. Returns how many those were.
    func dropWhatWaits() -> Int {
        let count = self.waiting.count
        while let (route, _) = self.waiting.popFirst() { route.slot.notificationDropped(.leftToLeader) }
        return count
    }

    /// How many wait, by channel.
    var waitingCounts: [ObjectIdentifier: Int] {
        var counts: [ObjectIdentifier: Int] = [:]
        for route in self.waiting.routes { counts[ObjectIdentifier(route.slot), default: 0] += 1 }
        for route in self.unsent.routes { counts[ObjectIdentifier(route.slot), default: 0] += 1 }
        return counts
    }

    private func take(_ payload: ByteBuffer, of route: Route) {
        guard let session = self.session, !self.unsent.isEmpty || !session.isWritable else {
            return self.relay(payload, along: route)
        }
        let most = Self.mostOctets - self.waiting.octets
        if !self.unsent.append(payload, of: route, most: most) { self.drop(route, .routerIsSlow) }
    }

    private func relay(_ payload: ByteBuffer, along route: Route) {
        do throws(NotificationFault) {
            guard let session = self.session else { throw NotificationFault.noSession }
            if let refusal = self.passage.refusal(of: route.origin) { throw NotificationFault.held(refusal) }
            let notification = try Self.read(payload)
            if self.passage.admits(route.origin) { return try self.relay(notification, along: route, in: session) }
            try self.wait(notification, octets: payload.readableBytes, along: route, in: session)
        } catch {
            self.drop(route, error)
        }
    }

    /// Relays at the channel's turn: the router may have ended a session because of one of its notifications.
    private func wait(
        _ notification: PayloadText, octets: Int, along route: Route, in session: Session
    ) throws(NotificationFault) {
        route.slot.notificationBegan()
        do throws(Passage.Refusal) {
            let givenUp = {
                route.slot.notificationEnded()
                self.drop(route, .noSession)
            }
            try self.passage.wait(route.origin, octets: octets, givenUp: givenUp) {
                route.slot.notificationEnded()
                do throws(NotificationFault) {
                    try self.relay(notification, along: route, in: session)
                } catch {
                    self.drop(route, error)
                }
            }
        } catch {
            route.slot.notificationEnded()
            throw .held(error)
        }
    }

    private func relay(
        _ notification: PayloadText, along route: Route, in session: Session
    ) throws(NotificationFault) {
        var payload = notification.payload
        do throws(JSONError) {
            try payload.prepareForRouter()
        } catch {
            throw .unreadable(error.description)
        }
        switch route.action {
        case .publish(let template, let options):
            try self.publish(
                try Self.topic(template, notification), options, payload, along: route, in: session)
        case .call(let procedure, let timeout, let result):
            route.slot.notificationBegan()
            session.call(procedure, payload: payload, timeout: timeout) { outcome in
                route.slot.notificationEnded()
                switch outcome {
                case .success(let answer):
                    route.slot.notificationRelayed()
                    result?.run(answer, procedure: procedure, channel: route.channel)
                case .failure(let error):
                    route.slot.notificationDropped(.callFailed)
                    self.observer(
                        .notificationCallFailed(
                            channel: route.channel, procedure: procedure.text, reason: error.message))
                }
            }
        }
    }

    private func publish(
        _ topic: URI, _ options: PublishOptions, _ payload: Payload, along route: Route, in session: Session
    ) throws(NotificationFault) {
        guard options.acknowledge else {
            switch session.publish(topic, options: options, payload: payload) {
            case nil: return route.slot.notificationRelayed()
            case .some(let error) where error.code == .tooLarge: throw .tooLarge
            case .some(let error): throw .refused(error.message)
            }
        }
        route.slot.notificationBegan()
        session.publish(topic, options: options, payload: payload) { outcome in
            route.slot.notificationEnded()
            switch outcome {
            case .success: route.slot.notificationRelayed()
            case .failure(let error):
                self.drop(route, .refused(error.message), as: error.code == .sessionClosed ? .noSession : .refused)
            }
        }
    }

    private func drop(_ route: Route, _ fault: NotificationFault) {
        self.drop(route, fault, as: NotificationLoss(fault))
    }

    private func drop(_ route: Route, _ fault: NotificationFault, as loss: NotificationLoss) {
        route.slot.notificationDropped(loss)
        self.observer(.notificationDropped(channel: route.channel, place: route.place, reason: fault))
    }

    private static func read(_ payload: ByteBuffer) throws(NotificationFault) -> PayloadText {
        do {
            return try PayloadText(payload)
        } catch {
            throw .payload(error)
        }
    }

    private static func topic(
        _ template: TopicTemplate, _ notification: PayloadText
    ) throws(NotificationFault) -> URI {
        if let fixed = template.fixed { return fixed }
        var text = ""
        do throws(PayloadTextError) {
            for part in template.parts {
                switch part {
                case .text(let piece): text += piece
                case .key(let key): text += try notification.component(key)
                }
            }
        } catch {
            throw .payload(error)
        }
        do {
            return try URI(text)
        } catch {
            throw .refused("the topic \(error.description)")
        }
    }

    private static func action(
        _ mapping: NotificationMapping, function: (FunctionReference, Location) -> ResultFunction
    ) -> Action {
        switch mapping.action {
        case .publish(let topic, let settings):
            return .publish(topic.value, PublishOptions(settings))
        case .call(let procedure, let result, let timeout):
            return .call(
                procedure.value, timeout: TimeAmount(timeout),
                result: result.map { function($0.value, $0.location) })
        }
    }
}

extension PublishOptions {
    /// Takes the options of a mapping.
    fileprivate init(_ settings: PublishSettings) {
        self.init(
            acknowledge: settings.acknowledge, excludeMe: settings.excludeMe, discloseMe: settings.discloseMe,
            retain: settings.retain, exclude: settings.exclude.map { $0.map(SessionID.init(checked:)) },
            excludeAuthid: settings.excludeAuthid, excludeAuthrole: settings.excludeAuthrole,
            eligible: settings.eligible.map { $0.map(SessionID.init(checked:)) },
            eligibleAuthid: settings.eligibleAuthid, eligibleAuthrole: settings.eligibleAuthrole)
    }
}
