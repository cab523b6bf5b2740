//! The builder's part of gRPC: services, their descriptors, and what every one of them is served with.

use std::{convert::Infallible, sync::Arc};

use axum::{
    Router,
    body::{Bytes, HttpBody},
    http::{Request, Response},
};
use tonic::{body::Body, codegen::StdError, server::NamedService};
use tonic_reflection::server::Builder;

use super::{
    Error, Service,
    public::{Public, bind},
};
use crate::{
    config::{Config, Origins, variable},
    grpc::{
        Bounds, Calls, Described, Front, GrpcMetrics, HealthService, Methods, Services, observe,
    },
    health::Health,
    metric::Counter,
    serve::{Limits, Server},
};

/// The gRPC services of a service.
#[derive(Debug, Default)]
pub(super) struct Rpc {
    services: Services,
    descriptors: Vec<&'static [u8]>,
    /// Those of them that reflection does not show.
    hidden: Vec<&'static [u8]>,
    /// The name of a service that came twice.
    twice: Option<&'static str>,
}

impl Service {
    /// Serves a gRPC service, such as the server that `tonic` generates, on the public listener, or on one of its own with
    /// `MARTY_GRPC_ADDR`. The health service is served with the first.
    ///
    /// Every call is measured, bounded and logged as HTTP requests are. A caller's deadline holds for the whole of a call. Methods that
    /// [`Service::reflection`] shows to be no streams have `MARTY_REQUEST_TIMEOUT` to answer, too; then the status is
    /// `DEADLINE_EXCEEDED`. `MARTY_MAX_BODY_BYTES` bounds each message of a caller as it was sent; that of a message that was
    /// compressed is up to the server's own `max_decoding_message_size`.
    ///
    /// Two services of one name are an error when the service starts.
    pub fn grpc<S, B>(mut self, service: S) -> Self
    where
        S: tower::Service<Request<Body>, Response = Response<B>, Error = Infallible>
            + NamedService
            + Clone
            + Send
            + Sync
            + 'static,
        S::Future: Send + 'static,
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<StdError>,
    {
        if !self.rpc.services.add(service) {
            self.rpc.twice = Some(S::NAME);
        }
        self
    }

    /// Knows the methods of the services of `file_descriptor_set`, as [`Service::reflection`] does, but shows them to nobody: for a
    /// service whose callers shall not read its schema off it.
    ///
    /// A descriptor that cannot be read is an error when the service starts.
    pub fn descriptor(mut self, file_descriptor_set: &'static [u8]) -> Self {
        self.rpc.hidden.push(file_descriptor_set);
        self
    }

    /// Serves reflection of what `file_descriptor_set` describes, an encoded `FileDescriptorSet`, and knows the methods of its services
    /// from the start: their names are the values of `rpc_method`, and no other is.
    ///
    /// Whoever reaches the port can read all that is described. Where callers are not trusted with that, [`Service::descriptor`]
    /// closes the names without showing them.
    ///
    /// A descriptor that cannot be read is an error when the service starts.
    pub fn reflection(mut self, file_descriptor_set: &'static [u8]) -> Self {
        self.rpc.descriptors.push(file_descriptor_set);
        self
    }
}

/// What is served, once everything is known.
pub(super) struct Served {
    services: Services,
    calls: Calls<Services>,
    web: Option<Origins>,
}

impl Rpc {
    /// Puts the services together, unless there are none.
    pub(super) fn serve(
        self,
        metrics: &GrpcMetrics,
        panics: &Counter,
        health: &Arc<Health>,
        config: &Config,
    ) -> Result<Option<Served>, Error> {
        if let Some(name) = self.twice {
            return Err(Error::twice(name));
        }
        if self.services.is_empty() {
            return Ok(None);
        }
        let names = self.services.names();
        let mut services = self.services;
        let mut described = own_methods()?;
        let mut added = services.add(HealthService::server(Arc::clone(health), names));
        for descriptor in self.descriptors.iter().chain(&self.hidden) {
            described.add(descriptor).map_err(Error::descriptor)?;
        }
        if !self.descriptors.is_empty() {
            let reflection = || reflection(&self.descriptors);
            added &= services.add(reflection().build_v1().map_err(Error::descriptor)?);
            added &= services.add(reflection().build_v1alpha().map_err(Error::descriptor)?);
        }
        if !added {
            return Err(Error::twice("grpc.health.v1.Health"));
        }
        let bounds = Bounds {
            request_timeout: config.request_timeout,
            max_message_bytes: config.max_body_bytes,
            panics: panics.clone(),
        };
        let methods = Methods::new(metrics, services.names(), &described);
        Ok(Some(Served {
            calls: observe(services.clone(), methods, bounds),
            services,
            web: config.grpc_web.then(|| config.grpc_web_origins.clone()),
        }))
    }
}

impl Served {
    /// Serves what there is: routes and services on `public`, or the services on a listener of their own.
    pub(super) async fn listen(
        served: Option<Self>,
        public: Public,
        config: &Config,
    ) -> Result<(Server, Option<Server>), Error> {
        let Some(served) = served else {
            return Ok((public.serve(), None));
        };
        let both = Limits {
            http2: true,
            ..public.limits
        };
        let cut_off = Arc::clone(&public.cut_off);
        let Some(address) = config.grpc_addr else {
            let routes = if cfg!(feature = "http") {
                public.routes
            } else {
                Front::no_routes()
            };
            let front = served.front(routes);
            return Ok((public.listener.serve(front, both, cut_off), None));
        };
        let own = bind(address, &variable::GRPC_ADDR).await?;
        let grpc = own.serve(served.front(Front::no_routes()), both, cut_off);
        Ok((public.serve(), Some(grpc)))
    }

    /// What a port does that answers calls, and other requests by `routes`.
    pub(super) fn front(&self, routes: Router) -> Front {
        let (calls, services) = (self.calls.clone(), self.services.clone());
        Front::new(routes, calls, services, self.web.as_ref())
    }
}

/// The methods of the services that every service has.
fn own_methods() -> Result<Described, Error> {
    let mut described = Described::default();
    let own = [
        tonic_health::pb::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ];
    for descriptor in own {
        described.add(descriptor).map_err(Error::descriptor)?;
    }
    Ok(described)
}

fn reflection<'a>(descriptors: &[&'a [u8]]) -> Builder<'a> {
    let builder = Builder::configure()
        .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET);
    descriptors.iter().fold(builder, |builder, descriptor| {
        builder.register_encoded_file_descriptor_set(descriptor)
    })
}
