//! What is done for each call.

use std::sync::Arc;

use marty_runtime::{metric::LabelValue as _, tracing};
use tonic::{Request, Response, Status, Streaming, service::interceptor::InterceptedService};

use super::{
    export::{self, Export},
    field::{self, FieldErrors},
    import::{self, Import},
    message::etag,
    page,
    refusal::Refusal,
};
use crate::{
    auth::Guard,
    config::Settings,
    domain::UserId,
    metrics::{Change, USER_CHANGES, UserChange},
    proto::{
        CreateUserRequest, CreateUserResponse, DeleteUserRequest, DeleteUserResponse,
        ExportUsersRequest, GetUserRequest, GetUserResponse, ImportUsersRequest, ListUsersRequest,
        ListUsersResponse, UpdateUserRequest, UpdateUserResponse,
        users_service_server::{UsersService, UsersServiceServer},
    },
    repository::{PageSize, UserRepository},
};

/// What answers every call.
#[derive(Debug, Clone)]
pub(crate) struct Api {
    users: Arc<dyn UserRepository>,
    page_size_max: PageSize,
}

/// The interface, answered from `users`, for those whom the guard lets through.
pub(crate) fn server(
    users: Arc<dyn UserRepository>,
    settings: &Settings,
) -> InterceptedService<UsersServiceServer<Api>, Guard> {
    let api = Api {
        users,
        page_size_max: settings.page_size_max,
    };
    UsersServiceServer::with_interceptor(api, Guard(settings.token.clone()))
}

#[tonic::async_trait]
impl UsersService for Api {
    async fn create_user(
        &self,
        request: Request<CreateUserRequest>,
    ) -> Result<Response<CreateUserResponse>, Status> {
        let CreateUserRequest { name, email } = request.into_inner();
        let profile = field::profile(&name, &email).map_err(Refusal::from)?;
        let user = self.users.insert(profile).await.map_err(Refusal::from)?;
        report(Change::Created, user.id);
        let user = Some(user.into());
        Ok(Response::new(CreateUserResponse { user }))
    }

    async fn get_user(
        &self,
        request: Request<GetUserRequest>,
    ) -> Result<Response<GetUserResponse>, Status> {
        let mut errors = FieldErrors::default();
        let id = errors.parsed("id", &request.get_ref().id);
        let id = errors.unless(id).map_err(Refusal::from)?;
        let user = self.users.find(id).await.map_err(Refusal::from)?;
        let user = Some(user.into());
        Ok(Response::new(GetUserResponse { user }))
    }

    async fn update_user(
        &self,
        request: Request<UpdateUserRequest>,
    ) -> Result<Response<UpdateUserResponse>, Status> {
        let request = request.into_inner();
        let mut errors = FieldErrors::default();
        let id = errors.parsed("id", &request.id);
        let profile = errors.profile(&request.name, &request.email);
        let wanted = errors.unless(id.zip(profile)).map_err(Refusal::from)?;
        let (id, profile) = wanted;
        let changed = self
            .users
            .replace(id, profile, etag::expected(&request.etag));
        let user = changed.await.map_err(Refusal::from)?;
        report(Change::Replaced, id);
        let user = Some(user.into());
        Ok(Response::new(UpdateUserResponse { user }))
    }

    async fn delete_user(
        &self,
        request: Request<DeleteUserRequest>,
    ) -> Result<Response<DeleteUserResponse>, Status> {
        let DeleteUserRequest { id, etag } = request.into_inner();
        let mut errors = FieldErrors::default();
        let id = errors.parsed("id", &id);
        let id = errors.unless(id).map_err(Refusal::from)?;
        let removed = self.users.remove(id, etag::expected(&etag)).await;
        removed.map_err(Refusal::from)?;
        report(Change::Deleted, id);
        Ok(Response::new(DeleteUserResponse {}))
    }

    async fn list_users(
        &self,
        request: Request<ListUsersRequest>,
    ) -> Result<Response<ListUsersResponse>, Status> {
        let (after, size) = page::wanted(request.get_ref()).map_err(Refusal::from)?;
        let size = size.min(self.page_size_max);
        let page = self.users.list(after, size).await.map_err(Refusal::from)?;
        Ok(Response::new(page.into()))
    }

    type ExportUsersStream = Export;

    async fn export_users(
        &self,
        _: Request<ExportUsersRequest>,
    ) -> Result<Response<Export>, Status> {
        Ok(Response::new(export::all(Arc::clone(&self.users))))
    }

    type ImportUsersStream = Import;

    async fn import_users(
        &self,
        request: Request<Streaming<ImportUsersRequest>>,
    ) -> Result<Response<Import>, Status> {
        let users = Arc::clone(&self.users);
        Ok(Response::new(import::each(users, request.into_inner())))
    }
}

/// Counts and logs a change. What the user is called and written to stays out of the log.
pub(super) fn report(change: Change, id: UserId) {
    USER_CHANGES.get(&UserChange { change }).inc();
    tracing::info!(user_id = %id, change = &*change.as_label(), "user changed");
}
