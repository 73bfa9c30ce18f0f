/// A feature of the advanced profile that a router may have, and that an option of ours uses.
package enum RouterFeature: String, Sendable, CaseIterable {
    /// Registrations whose URI is a prefix or has wildcards.
    case patternBasedRegistration = "pattern_based_registration"
    /// Several callees for one procedure.
    case sharedRegistration = "shared_registration"
    /// Results in parts.
    case progressiveCallResults = "progressive_call_results"
    /// Subscriptions to topics by prefix or with wildcards.
    case patternBasedSubscription = "pattern_based_subscription"
    /// Events that are kept for later subscribers.
    case eventRetention = "event_retention"
    /// Events that come back to their publisher.
    case publisherExclusion = "publisher_exclusion"
    /// Events for some subscribers only.
    case subscriberBlackwhiteListing = "subscriber_blackwhite_listing"

    /// The role of the router that has it.
    package var role: Welcome.Role {
        switch self {
        case .patternBasedRegistration, .sharedRegistration, .progressiveCallResults: .dealer
        case .patternBasedSubscription, .eventRetention, .publisherExclusion, .subscriberBlackwhiteListing: .broker
        }
    }

    /// What does not work without it, for users.
    package var loss: String {
        switch self {
        case .patternBasedRegistration: "procedures can't be registered by prefix or wildcard"
        case .sharedRegistration: "a procedure has one callee only; 'invoke' is not asked for"
        case .progressiveCallResults: "results come whole, not in parts"
        case .patternBasedSubscription: "topics can't be subscribed to by prefix or wildcard"
        case .eventRetention: "no event is kept for later subscribers"
        case .publisherExclusion: "events don't come back to their own publisher"
        case .subscriberBlackwhiteListing: "events can't be kept from some subscribers, or sent to some only"
        }
    }
}

/// Some of the features of ``RouterFeature``.
package struct RouterFeatures: OptionSet, Sendable, Hashable {
    /// One bit for each, in the order of their declaration.
    package let rawValue: UInt16

    /// Takes the bits.
    package init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// Just one.
    package init(_ feature: RouterFeature) {
        let index = RouterFeature.allCases.firstIndex(of: feature) ?? 0
        self.rawValue = 1 << UInt16(truncatingIfNeeded: index)
    }

    /// Without these a request would mean something else than it says, or disclose what must be kept back.
    package static let indispensable: RouterFeatures = [
        RouterFeatures(.patternBasedRegistration), RouterFeatures(.patternBasedSubscription),
        RouterFeatures(.subscriberBlackwhiteListing),
    ]

    /// In the order of their declaration.
    package var all: [RouterFeature] { RouterFeature.allCases.filter { self.contains(RouterFeatures($0)) } }
}

/// Options some of which need features of the router.
package protocol FeatureOptions {
    /// The features that the router needs for these options.
    var needs: RouterFeatures { get }

    /// The same without the options that need any of these.
    func without(_ features: RouterFeatures) -> Self
}

extension Welcome {
    /// The features that the router announces.
    package var features: RouterFeatures {
        RouterFeature.allCases.reduce(into: RouterFeatures()) { features, feature in
            if self.announces(feature.rawValue, role: feature.role) { features.insert(RouterFeatures(feature)) }
        }
    }

    /// The features on which the router is silent, because it announces no features at all for the role. xconn is such
    /// a router.
    package var featuresOfSilentRoles: RouterFeatures {
        RouterFeature.allCases.reduce(into: RouterFeatures()) { features, feature in
            let announced = self.details.details("roles")?.details(feature.role.rawValue)?.details("features")
            if announced?.isEmpty ?? true { features.insert(RouterFeatures(feature)) }
        }
    }
}
