import Testing

@testable import Sidecar

@Suite("How it stands with a procedure or a subscription")
struct RouteStandingTests {
    private static func standing(_ standing: RouterStanding, fault: String? = nil) -> (RouteStanding.State, String?) {
        let route = RouteStanding(uri: "a", target: "f", place: "x:1:1", standing: standing, fault: fault)
        return (route.state, route.reason)
    }

    @Test("it works if the router holds it and it can be run")
    func states() {
        #expect(Self.standing(.held) == (.works, nil))
        #expect(Self.standing(.asked) == (.waits, nil))
        #expect(Self.standing(.apart) == (.waits, nil))
        #expect(Self.standing(.resting) == (.rests, nil))
        #expect(Self.standing(.refused("no")) == (.faulty, "the router refuses it: no"))
        #expect(Self.standing(.refused("no"), fault: "gone") == (.faulty, "the router refuses it: no"))
        for standing in [RouterStanding.held, .asked, .apart, .resting] {
            #expect(Self.standing(standing, fault: "gone") == (.faulty, "gone"))
        }
    }
}
