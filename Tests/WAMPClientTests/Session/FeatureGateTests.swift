import NIOCore
import Names
import Testing
import WAMP

@testable import WAMPClient

@Suite struct FeatureGateTests {
    private let topic: URI
    private let procedure: URI

    init() throws {
        self.topic = try URI("com.topic")
        self.procedure = try URI("com.procedure")
    }

    private func gate(_ roles: String) throws -> FeatureGate {
        let session = try #require(SessionID(1))
        return FeatureGate(
            Welcome(session: session, details: Details(text: ByteBuffer(string: #"{"roles":{\#(roles)}}"#))))
    }

    @Test func everyFeatureIsFoundInTheRoleThatHasIt() throws {
        for feature in RouterFeature.allCases {
            let roles = #""\#(feature.role.rawValue)":{"features":{"\#(feature.rawValue)":true}}"#
            var gate = try self.gate(roles)
            #expect(gate.judge(RouterFeatures(feature)).verdict == .fits, "\(feature)")
            let other = feature.role == .broker ? "dealer" : "broker"
            var wrong = try self.gate(
                #""\#(other)":{"features":{"\#(feature.rawValue)":true}},"#
                    + #""\#(feature.role.rawValue)":{"features":{"x":true}}"#)
            #expect(wrong.judge(RouterFeatures(feature)).verdict != .fits, "\(feature)")
        }
        #expect(Set(RouterFeature.allCases.map { RouterFeatures($0) }).count == RouterFeature.allCases.count)
    }

    @Test func whatIsMissingIsLeftOutOrRefused() throws {
        var gate = try self.gate(#""broker":{"features":{"x":true}},"dealer":{"features":{"x":true}}"#)
        #expect(gate.judge([]).verdict == .fits)
        for feature in RouterFeature.allCases {
            let features = RouterFeatures(feature)
            let isVital = RouterFeatures.indispensable.contains(features)
            #expect(gate.judge(features).verdict == (isVital ? .refused(feature) : .without(features)))
            #expect(!gate.asksAnyway(for: feature))
        }
    }

    @Test func eachIsNewsOnce() throws {
        var gate = try self.gate(#""broker":{"features":{"x":true}}"#)
        let both: RouterFeatures = [RouterFeatures(.eventRetention), RouterFeatures(.publisherExclusion)]
        #expect(gate.judge(RouterFeatures(.eventRetention)).news == [.eventRetention])
        #expect(gate.judge(both).news == [.publisherExclusion])
        #expect(gate.judge(both).news.isEmpty)
    }

    /// Like xconn.
    @Test(arguments: ["", #""broker":{},"dealer":{}"#, #""broker":{"features":{}},"dealer":{"features":{}}"#])
    func whoAnnouncesNothingIsAsked(_ roles: String) throws {
        var gate = try self.gate(roles)
        for feature in RouterFeature.allCases where !RouterFeatures.indispensable.contains(RouterFeatures(feature)) {
            #expect(gate.asksAnyway(for: feature))
            let judged = gate.judge(RouterFeatures(feature))
            #expect(judged.verdict == .fits)
            #expect(judged.news == [feature])
        }
        // A list of receivers is not sent to a router that may ignore it, nor a pattern if it may be taken for a plain
        // URI.
        for feature in RouterFeatures.indispensable.all {
            #expect(gate.judge(RouterFeatures(feature)).verdict == .refused(feature))
            #expect(!gate.asksAnyway(for: feature))
        }
        #expect(!gate.hasCallCanceling && !gate.hasCallTimeout)
    }

    // MARK: - In a session

    private func joined(_ broker: String, _ dealer: String) throws -> ConnectionTests.Setup {
        let setup = try ConnectionTests.Setup()
        _ = try setup.sent()
        try setup.receive(
            #"[2,77,{"roles":{"broker":{"features":{\#(broker)}},"dealer":{"features":{\#(dealer)}}}}]"#)
        return setup
    }

    private func missing(_ setup: ConnectionTests.Setup) -> [RouterFeature] {
        setup.user.observed.compactMap { event in
            if case .featureMissing(_, let feature, isAskedFor: false) = event { return feature }
            return nil
        }
    }

    @Test func requestsOfARouterThatHasAll() throws {
        let setup = try self.joined(
            #""pattern_based_subscription":true,"event_retention":true,"#
                + #""subscriber_blackwhite_listing":true,"publisher_exclusion":true"#,
            #""pattern_based_registration":true,"shared_registration":true,"#
                + #""progressive_call_results":true,"call_timeout":true"#)
        let session = try setup.session()
        session.register(self.procedure, options: RegisterOptions(match: .prefix, invoke: .roundrobin)) { _ in }
        session.subscribe(self.topic, options: SubscribeOptions(match: .prefix, getRetained: true)) { _ in }
        let options = try PublishOptions([
            "retain": .bool(true), "exclude_me": .bool(false), "eligible_authid": .list([.string("joe")]),
        ])
        #expect(session.publish(self.topic, options: options, payload: .empty) == nil)
        session.call(
            self.procedure, options: CallOptions(receiveProgress: true), payload: .empty, timeout: .milliseconds(1500)
        ) { _ in }
        #expect(
            try setup.sent() == [
                #"[64,1,{"invoke":"roundrobin","match":"prefix"},"com.procedure"]"#,
                #"[32,2,{"get_retained":true,"match":"prefix"},"com.topic"]"#,
                #"[16,3,{"eligible_authid":["joe"],"exclude_me":false,"retain":true},"com.topic"]"#,
                #"[48,4,{"receive_progress":true,"timeout":1500},"com.procedure"]"#,
            ])
        #expect(self.missing(setup).isEmpty)
    }

    /// Crossbar.io treats an empty list as no list, and the event would go to everybody.
    @Test(arguments: ["eligible", "eligible_authid", "eligible_authrole"]) func forNobody(_ list: String) throws {
        let setup = try self.joined(#""subscriber_blackwhite_listing":true,"event_retention":true"#, "")
        let options = try PublishOptions([list: .list([]), "exclude_authid": .list([]), "retain": .bool(true)])
        #expect(try setup.session().publish(self.topic, options: options, payload: .empty) == nil)
        #expect(try setup.sent() == [#"[16,1,{"eligible":[77],"exclude":[77],"retain":true},"com.topic"]"#])
        let all = try PublishOptions(["exclude": .list([])])
        #expect(try setup.session().publish(self.topic, options: all, payload: .empty) == nil)
        #expect(try setup.sent() == [#"[16,2,{"exclude":[]},"com.topic"]"#])
    }

    @Test func requestsOfARouterThatLacksThem() throws {
        let setup = try self.joined(#""x":true"#, #""x":true"#)
        let session = try setup.session()
        session.register(self.procedure, options: RegisterOptions(invoke: .roundrobin)) { _ in }
        session.subscribe(self.topic, options: SubscribeOptions(getRetained: true)) { _ in }
        let kept = PublishOptions(excludeMe: false, retain: true)
        #expect(session.publish(self.topic, options: kept, payload: .empty) == nil)
        session.publish(self.topic, options: kept, payload: .empty, acknowledged: { _ in })
        session.call(
            self.procedure, options: CallOptions(timeout: 5, receiveProgress: true), payload: .empty,
            timeout: .seconds(1)
        ) { _ in }
        #expect(
            try setup.sent() == [
                #"[64,1,{},"com.procedure"]"#, #"[32,2,{},"com.topic"]"#, #"[16,3,{},"com.topic"]"#,
                #"[16,4,{"acknowledge":true},"com.topic"]"#, #"[48,5,{},"com.procedure"]"#,
            ])
        #expect(
            self.missing(setup) == [.sharedRegistration, .eventRetention, .publisherExclusion, .progressiveCallResults])
    }

    @Test func requestsThatWouldMeanSomethingElse() throws {
        let setup = try self.joined(#""x":true"#, #""x":true"#)
        let session = try setup.session()
        var failures: [RequestError?] = []
        session.register(self.procedure, options: RegisterOptions(match: .wildcard)) { failures.append($0.failure) }
        session.subscribe(self.topic, options: SubscribeOptions(match: .prefix)) { failures.append($0.failure) }
        let some = try PublishOptions(["exclude_authrole": .list([.string("guest")])])
        session.publish(self.topic, options: some, payload: .empty, acknowledged: { failures.append($0.failure) })
        failures.append(session.publish(self.topic, options: some, payload: .empty))
        #expect(try setup.sent().isEmpty)
        #expect(failures.map { $0?.code } == [.unsupported, .unsupported, .unsupported, .unsupported])
        let named = ["pattern_based_registration", "pattern_based_subscription"]
        for (failure, name) in zip(
            failures, named + ["subscriber_blackwhite_listing", "subscriber_blackwhite_listing"])
        {
            #expect(failure?.message.contains(name) == true)
        }
        // No id was taken.
        #expect(session.publish(self.topic, payload: .empty) == nil)
        #expect(try setup.sent() == [#"[16,1,{},"com.topic"]"#])
    }
}
